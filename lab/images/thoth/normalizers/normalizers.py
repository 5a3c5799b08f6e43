"""Takes the place of the normalizers: the variables, the authority, the topics and the group of the real ones."""

import os
import ssl

import faust

print("stand-in for the normalizers: Faust is real, the rest is not cyborg-regidores' own", flush=True)

app = faust.App(
    "cyborg_regidores_normalizers",
    broker=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
    broker_credentials=ssl.create_default_context(cafile="secrets/data-hub-kafka-ca.crt"),
    value_serializer="json",
    # One partition, as where the topics are made.
    topic_partitions=1,
)


class SocialEvent(faust.Record, serializer="json"):
    """What somebody did, whichever service told of it."""

    event_type: str
    action: str
    user_name: str
    repository_url: str
    pull_request_url: str
    issue_url: str
    created_at: str
    updated_at: str


#: Seconds: 45 days.
KEPT = 3_888_000
raw = app.topic("dynamic-cyborg-regidores-github-ingest-prod", retention=KEPT)
events = app.topic("dynamic-cyborg-regidoresevents-ingest-prod", value_type=SocialEvent, retention=KEPT)
SUBJECTS = {"pull_request": "pull_request", "issues": "issue"}


def normalized(event_type: str, payload: dict) -> SocialEvent:
    subject = payload[SUBJECTS[event_type]]
    url = subject["html_url"]
    return SocialEvent(
        event_type=event_type,
        action=payload["action"],
        user_name=payload["sender"]["login"],
        repository_url=payload["repository"]["html_url"],
        pull_request_url=url if event_type == "pull_request" else "",
        issue_url=url if event_type == "issues" else "",
        created_at=subject["created_at"],
        updated_at=subject["updated_at"],
    )


@app.agent(raw)
async def normalize(stream):
    async for message in stream:
        event_type = message["event_type"]
        if event_type not in SUBJECTS:
            continue
        event = normalized(event_type, message["payload"])
        await events.send(value=event)
        print(f"{event.event_type} {event.action} by {event.user_name}", flush=True)
