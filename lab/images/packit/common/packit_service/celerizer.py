"""Celery of the service and of the workers: one broker, the queues' names, and beat's schedule."""

import os

from celery import Celery

HOST = os.environ["REDIS_SERVICE_HOST"]
PORT = os.environ.get("REDIS_SERVICE_PORT", "6379")
#: Name of the task that takes every event.
TASK = os.environ.get("CELERY_MAIN_TASK_NAME") or "task.steve_jobs.process_message"

app = Celery("packit", broker=f"redis://{HOST}:{PORT}/0", backend=f"redis://{HOST}:{PORT}/1")
app.conf.update(
    broker_connection_retry_on_startup=True,
    task_default_queue="short-running",
    # A worker that is killed loses no task: the broker hands it out again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    beat_schedule={"stand-in's clock": {"task": "task.stand_in.tick", "schedule": 30.0}},
)
