"""Stand-in for Packit's tasks: the broker by the variables that packit_service/celerizer.py reads, and one task that notes itself."""
import os

from celery import Celery, current_task

_where = "redis://:{}@{}:{}".format(
    os.getenv("REDIS_PASSWORD", ""),
    os.getenv("REDIS_SERVICE_HOST", "redis"),
    os.getenv("REDIS_SERVICE_PORT", "6379"),
)
app = Celery(broker=f"{_where}/0", backend=f"{_where}/1")
app.conf.task_default_queue = "short-running"
app.conf.task_ignore_result = True
app.conf.worker_send_task_events = True


@app.task(name="task.steve_jobs.process_message")
def process_message(event):
    with open(os.environ["DIARY"], "a", encoding="utf8") as diary:
        diary.write(f"{event} {current_task.request.hostname}\n")
