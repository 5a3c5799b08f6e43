#!/usr/bin/python3
"""Takes the place of Packit's listener on CentOS' bus: the variables, files and filter of the real one."""

import json
import os
import subprocess
import sys

import paho.mqtt.client as mqtt
from celery import Celery

subprocess.run(["standin", "before", *sys.argv], check=True)
print("stand-in for Packit's listener on CentOS' bus: paho-mqtt and Celery are real, the rest is not Packit's own", flush=True)

BROKER = f"redis://{os.environ['REDIS_SERVICE_HOST']}:{os.environ.get('REDIS_SERVICE_PORT', '6379')}/0"
SUBTOPICS = [one for one in os.environ.get("MQTT_SUBTOPICS", "").split(",") if one]
HOST, PORT = os.environ.get("MQTT_HOST", "mqtt.stg.centos.org"), int(os.environ.get("MQTT_PORT", "8883"))
# Without more, Celery takes the queue of CELERY_DEFAULT_QUEUE.
celery = Celery(broker=BROKER, backend=BROKER)
celery.conf.task_default_queue = os.environ.get("CELERY_DEFAULT_QUEUE", "celery")


def on_connect(client, userdata, flags, code):
    print(f"connected to {HOST}:{PORT}: {mqtt.connack_string(code)}", flush=True)
    client.subscribe(os.environ.get("MQTT_TOPICS", "git.stg.centos.org/#"))


def on_message(client, userdata, message):
    # git.stg.centos.org/pull-request.new is of the subtopic pull-request.
    subtopic = message.topic.split("/", 1)[-1].split(".", 1)[0]
    if SUBTOPICS and subtopic not in SUBTOPICS:
        print(f"{message.topic}: not wanted", flush=True)
        return
    event = {**json.loads(message.payload), "topic": message.topic}
    name = os.environ.get("CELERY_TASK_NAME") or "task.steve_jobs.process_message"
    task = celery.send_task(name, kwargs={"event": event, "source": "centosmsg"})
    print(f"{message.topic}: task {task.id}", flush=True)


client = mqtt.Client()
client.on_connect, client.on_message = on_connect, on_message
login = os.environ.get("CENTOS_CERTFILE", "/secrets/centos.cert")
client.tls_set(ca_certs=os.environ.get("CENTOS_CA_CERTS", "/secrets/centos-server-ca.cert"), certfile=login, keyfile=login)
client.connect(HOST, PORT)
client.loop_forever()
