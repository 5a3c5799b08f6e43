"""Takes the place of webhook2kafka: the variables, the authority, the paths, topics and answers of the real one."""

import hashlib
import hmac
import json
import os

from flask import Flask, request
from kafka import KafkaProducer
from kafka.errors import KafkaError

print("stand-in for webhook2kafka: Flask and kafka-python are real, the rest is not cyborg-regidores' own", flush=True)

SERVERS = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
SECRET = os.environ["GITHUB_WEBHOOK_SECRET"].encode()
#: Seconds for the broker.
PATIENCE = 6
ACTIVITY = "dynamic-aicoeactivity-ingest-prod"
#: Their names are as in production, where two dashes are missing.
TOPICS = {
    "github": "dynamic-cyborg-regidores-github-ingest-prod",
    "gitlab": "dynamic-cyborg-regidoresgitlab-ingest-prod",
    "trello": "dynamic-cyborg-regidorestrello-ingest-prod",
}

application = Flask(__name__)


def publish(source: str, event_type: str, payload: dict) -> None:
    """Sends an event to the topic of all activities and to its source's. Raises KafkaError if the broker does not take it."""
    producer = KafkaProducer(
        bootstrap_servers=SERVERS.split(","),
        acks=1,
        compression_type="gzip",
        value_serializer=lambda value: json.dumps(value).encode(),
        security_protocol="SSL",
        ssl_cafile="secrets/data-hub-kafka-ca.crt",
    )
    try:
        for topic in (ACTIVITY, TOPICS[source]):
            producer.send(topic, {"event_type": event_type, "payload": payload}).get(timeout=PATIENCE)
    finally:
        producer.close(timeout=PATIENCE)


def answered(source: str, event_type: str, payload: dict):
    try:
        publish(source, event_type, payload)
    except KafkaError as error:
        print(f"{source}'s event {event_type} is lost: {error}", flush=True)
        return {"error": "Kafka takes no message"}, 500
    print(f"{source}'s event {event_type} is in Kafka", flush=True)
    return {"message": "thanks"}


@application.after_request
def mark(response):
    response.headers["X-Cyborg-Regidores"] = "stand-in"
    return response


@application.get("/")
@application.get("/healthz")
@application.get("/metrics")
def probe():
    return {"stand-in": "this is not cyborg-regidores' own"}


@application.post("/github")
def github():
    expected = "sha1=" + hmac.new(SECRET, request.get_data(), hashlib.sha1).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature", "")):
        # The real one answers nothing, which Flask says with this status.
        print("an event with a wrong signature", flush=True)
        return {"error": "the signature is wrong"}, 500
    return answered("github", request.headers.get("X-GitHub-Event", ""), request.get_json())


@application.post("/gitlab")
def gitlab():
    payload = request.get_json()
    return answered("gitlab", payload["object_kind"], payload)


@application.post("/trello")
def trello():
    return answered("trello", "trello-stub", request.get_json())


application.run(host="0.0.0.0", port=8080)
