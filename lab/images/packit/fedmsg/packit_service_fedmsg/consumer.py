"""Takes the place of Packit's listener on Fedora Messaging: its class's name, variables and filter of Copr's builds."""

import os
from pathlib import Path

from celery import Celery

print("stand-in for Packit's listener: fedora-messaging and Celery are real, the callback is not Packit's own", flush=True)

PREFIX = "org.fedoraproject.prod."


class Consumerino:
    """What fedora-messaging calls with each message."""

    def __init__(self) -> None:
        port, database = os.environ.get("REDIS_SERVICE_PORT", "6379"), os.environ.get("REDIS_SERVICE_DB", "0")
        self.celery = Celery(broker=f"redis://{os.environ['REDIS_SERVICE_HOST']}:{port}/{database}")
        self.celery.conf.task_default_queue = "short-running"
        self.user = "packit-stg" if os.environ["DEPLOYMENT"] == "stg" else "packit"

    def __call__(self, message) -> None:
        Path(os.environ.get("LIVENESS_FILE", "/tmp/liveness")).touch()
        topic, event = message.topic, message.body
        if ".copr.build." in topic and event.get("user") != self.user:
            print(f"{topic}: a build of {event.get('user')}, not of {self.user}", flush=True)
            return
        kwargs = {"event": {**event, "topic": topic}, "source": "fedora-messaging", "event_type": topic.removeprefix(PREFIX)}
        task = self.celery.send_task("task.steve_jobs.process_message", kwargs=kwargs)
        print(f"{topic}: task {task.id}", flush=True)
