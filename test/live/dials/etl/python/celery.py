"""A stand-in for the ETL's own code: the same Celery settings, and one task that says when it begins and ends."""

import json
import os
import time

from celery import Celery
from celery.schedules import crontab

with open(os.environ["ETL_CONFIG_FPATH"]) as file:
    config = json.load(file)

app = Celery("dials_etl")
app.conf.update(
    broker_url=os.environ["CELERY_BROKER_URL"],
    result_backend=os.environ["CELERY_RESULT_BACKEND"],
    redbeat_redis_url=os.environ["CELERY_REDBEAT_URL"],
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 21600},
    task_track_started=True,
    result_extended=True,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    enable_utc=True,
    beat_schedule={
        "Dataset indexing pipeline": {
            "task": "dataset_indexer_pipeline",
            "schedule": crontab(minute=0),
            "options": {"queue": config["common_indexer_queue"]},
        }
    },
)


def say(word: str, number: int) -> None:
    """Adds a line to the diary; short appends of several processes do not mix."""
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{word} {number}\n")


@app.task(name="file_ingesting_pipeline")
def ingest(number: int, seconds: float) -> int:
    """Works for a while, as if on a file; Celery acknowledges it as it begins."""
    say("begin", number)
    time.sleep(seconds)
    say("end", number)
    return number


@app.task(name="dataset_indexer_pipeline")
def index() -> None:
    """Nothing to look for here."""
