"""Takes the place of Packit's own tasks: real Celery on the same broker, whose one task does no work."""

import os

from celery import Celery

print("stand-in for the tasks of Packit's worker: Celery is real, its task does nothing", flush=True)

host = os.environ["REDIS_SERVICE_HOST"]
port = os.environ.get("REDIS_SERVICE_PORT", "6379")
app = Celery("packit", broker=f"redis://{host}:{port}/0", backend=f"redis://{host}:{port}/1")
app.conf.update(broker_connection_retry_on_startup=True, task_default_queue="short-running")


@app.task(name=os.environ.get("CELERY_MAIN_TASK_NAME") or "task.steve_jobs.process_message")
def process_message(event: dict, source: str = "", event_type: str = "") -> str:
    """Stands for the handling of one event."""
    return f"stand-in: {source} {event_type}"
