"""A stand-in for the ETL's own code: reads the same variables and the same keys of the same file, and sends its tasks on in the same way."""

import json
import os
import time

from celery import Celery
from celery.schedules import crontab
from decouple import Choices, Csv, config

# Each is asked for by every process that imports the real one, whether it uses it or not.
ENV = config("ENV", cast=Choices(["dev", "prod"]))
RAW_LAYERS = config("RAW_LAYERS", cast=Csv())
TEXTS = {
    name: config(name)
    for name in ["MODEL_REGISTRY_PATH", "DATABASE_URI", "CERT_FPATH", "KEY_FPATH", "ETL_CONFIG_FPATH"]
}

with open(TEXTS["ETL_CONFIG_FPATH"]) as file:
    etl = json.load(file)

SIZES = [etl["common_chunk_size"], etl["th2_chunk_size"]]
TYPES = [etl["th1_types"], etl["th2_types"]]
INDEXER = etl["common_indexer_queue"]
PRIORITY_ERA = etl["priority_era"]
WORKSPACES = etl["workspaces"]
DATASETS = list(
    {
        (one["dbs_pattern"], one["dbs_instance"]): one
        for workspace in WORKSPACES
        for one in workspace["primary_datasets"]
    }.values()
)
EVERYTHING = {"workspaces": WORKSPACES, "primary_datasets": DATASETS}

app = Celery("dials_etl")
app.conf.update(
    broker_url=config("CELERY_BROKER_URL"),
    result_backend=config("CELERY_RESULT_BACKEND"),
    redbeat_redis_url=config("CELERY_REDBEAT_URL"),
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
            "options": {"queue": INDEXER},
            "kwargs": EVERYTHING,
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


@app.task(name="file_indexer_pipeline")
def index_files(workspaces: list, primary_datasets: list) -> None:
    """Finds a file of the priority era and an older one in each dataset, and sends both to the queues of whoever wants them."""
    for dataset in primary_datasets:
        for workspace in workspaces:
            if dataset not in workspace["primary_datasets"]:
                continue
            for era in [PRIORITY_ERA, "Run1999"]:
                name = f"/store/data/{era}{dataset['dbs_pattern']}.root"
                wanted = "priority_ingesting_queue" if PRIORITY_ERA in name else "bulk_ingesting_queue"
                about = {"file": name, "workspace": workspace["name"], "elements": workspace["me_startswith"]}
                app.send_task("file_ingesting_pipeline", kwargs=about, queue=workspace[wanted])


@app.task(name="dataset_indexer_pipeline")
def index(**everything: list) -> None:
    """Hands everything on to the second step of the same queue."""
    index_files.apply_async(kwargs=everything, queue=INDEXER)
