"""Takes the place of DIALS' own tasks: reads the same variables and keys, and sends tasks on to the same queues; they do no work."""

import json

from celery import Celery
from celery.schedules import crontab
from decouple import Choices, Csv, config

print("stand-in for the tasks of DIALS' ETL: Celery is real, its tasks do nothing", flush=True)

# The real module asks for each in every process, whether it uses it or not.
config("ENV", cast=Choices(["dev", "prod"]))
config("RAW_LAYERS", cast=Csv())
for name in ["MODEL_REGISTRY_PATH", "DATABASE_URI", "CERT_FPATH", "KEY_FPATH"]:
    config(name)

with open(config("ETL_CONFIG_FPATH")) as file:
    etl = json.load(file)

for name in ["common_chunk_size", "th2_chunk_size", "th1_types", "th2_types", "priority_era"]:
    etl[name]
INDEXER = etl["common_indexer_queue"]
QUEUES = [workspace[kind] for workspace in etl["workspaces"] for kind in ("bulk_ingesting_queue", "priority_ingesting_queue")]

app = Celery("dials_etl")
app.conf.update(
    broker_url=config("CELERY_BROKER_URL"),
    result_backend=config("CELERY_RESULT_BACKEND"),
    redbeat_redis_url=config("CELERY_REDBEAT_URL"),
    broker_connection_retry_on_startup=True,
    task_track_started=True,
    result_extended=True,
    timezone="UTC",
    beat_schedule={
        "Dataset indexing pipeline": {
            "task": "dataset_indexer_pipeline",
            "schedule": crontab(minute=0),
            "options": {"queue": INDEXER},
        }
    },
)


@app.task(name="file_ingesting_pipeline")
def ingest() -> str:
    """Stands for the copy of one file into a database."""
    return "stand-in"


@app.task(name="dataset_indexer_pipeline")
def index() -> int:
    """Sends one task to the queue of each worker."""
    for queue in sorted(set(QUEUES)):
        app.send_task("file_ingesting_pipeline", queue=queue)
    return len(set(QUEUES))
