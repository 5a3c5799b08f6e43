"""Takes the place of DIALS' tasks: the same names, queues, variables and keys, and the smallest work that is worth the name."""

import re
import time
import traceback

from celery import Celery
from celery.schedules import crontab
from decouple import config

from . import database, eos
from .settings import DATASETS, INDEXER, PRIORITY_ERA, WORKSPACES

print("stand-in for the tasks of DIALS' ETL: Celery, RedBeat and Alembic are real, the tasks are not DIALS' own", flush=True)

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
    # RedBeat's own is five minutes: too long for somebody who changes an entry and waits.
    beat_max_loop_interval=5,
    beat_schedule={
        "Dataset indexing pipeline": {
            "task": "dataset_indexer_pipeline",
            "schedule": crontab(minute=0),
            "options": {"queue": INDEXER},
            "kwargs": {"workspaces": WORKSPACES, "primary_datasets": DATASETS},
        }
    },
)


@app.task(name="dataset_indexer_pipeline")
def index_datasets(workspaces: list, primary_datasets: list) -> list:
    """Looks which datasets there are, and hands everything on to the second step."""
    found = {dataset for one in primary_datasets for _, dataset in eos.files_of(one["dbs_pattern"], one["dbs_instance"])}
    kwargs = {"workspaces": workspaces, "primary_datasets": primary_datasets}
    index_files.apply_async(kwargs=kwargs, queue=INDEXER)
    return sorted(found)


@app.task(name="file_indexer_pipeline")
def index_files(workspaces: list, primary_datasets: list) -> int:
    """Adds new files to the databases of those who want them, and sends each to a queue by its era."""
    sent = 0
    for one in primary_datasets:
        files = eos.files_of(one["dbs_pattern"], one["dbs_instance"])
        for workspace in workspaces:
            if one not in workspace["primary_datasets"]:
                continue
            for name, dataset in files:
                file_id = database.add_file(workspace["name"], name, dataset)
                if file_id is None:
                    continue
                queue = "priority_ingesting_queue" if PRIORITY_ERA in name else "bulk_ingesting_queue"
                kwargs = {
                    "file_id": file_id,
                    "logical_file_name": name,
                    "workspace_name": workspace["name"],
                    "workspace_mes": workspace["me_startswith"],
                }
                ingest.apply_async(kwargs=kwargs, queue=workspace[queue])
                sent += 1
    return sent


@app.task(name="file_ingesting_pipeline", bind=True)
def ingest(self, file_id: int, logical_file_name: str, workspace_name: str, workspace_mes: list) -> str:
    """Copies the histograms of one file that the workspace keeps into its database."""
    worker = self.request.hostname

    def status(name: str, trace: str = "") -> str:
        database.set_status(workspace_name, file_id, name, worker, trace)
        return name

    status("STARTED")
    try:
        found = eos.content(logical_file_name)
        # In place of the minutes that a ROOT file of 200 MB takes.
        time.sleep(found.get("seconds", 0))
        kept = re.compile("|".join(workspace_mes))
        histograms = [one for one in found["histograms"] if kept.search(one["me"])]
        database.add_histograms(workspace_name, file_id, histograms)
    except FileNotFoundError:
        return status("FILE_NOT_AVAILABLE")
    except Exception:
        return status("PARSING_ERROR", traceback.format_exc(limit=1))
    return status("FINISHED")
