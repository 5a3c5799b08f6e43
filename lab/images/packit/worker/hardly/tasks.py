"""Takes the place of hardly's tasks, which are Stream's: a merge request to source-git becomes one to dist-git, whose pipelines are reported back."""

import os

from celery import Task
from hardly import pipeline, source_git
from packit_service import rows
from packit_service.celerizer import TASK, app

print("stand-in for the tasks of Stream's worker: Celery, ogr, git and OpenSSH are real, the tasks are not hardly's own", flush=True)

__all__ = ["app"]

MERGE_REQUEST = "task.run_source_git_pr_to_dist_git_pr_handler"
PIPELINE = "task.run_gitlab_ci_to_source_git_pr_handler"
HANDLERS = {"Merge Request Hook": MERGE_REQUEST, "Pipeline Hook": PIPELINE}


class Handler(Task):
    """A task that is tried again, as often and as late as the variables say; then its row has the error."""

    autoretry_for = (Exception,)
    retry_kwargs = {"max_retries": int(os.environ["CELERY_RETRY_LIMIT"])}
    retry_backoff = int(os.environ["CELERY_RETRY_BACKOFF"])

    def on_failure(self, error, task_id, args, kwargs, info) -> None:
        # ogr's own errors say nothing but where they come from.
        cause = error.__cause__ or error
        rows.ended(task_id, "failed", f"{type(cause).__name__}: {cause}")


def subject_of(event: dict) -> str:
    """The merge request that an event is about."""
    merge = event.get("merge_request" if event["object_kind"] == "pipeline" else "object_attributes")
    return (merge or {}).get("url", event["project"]["web_url"]).removeprefix("https://gitlab.com/")


@app.task(name=TASK, bind=True)
def hardly_process(self, event: dict, source: str = "", event_type: str = "") -> None:
    """Hands an event to the task for its kind."""
    rows.started(self.request.id, source, event_type, subject_of(event), self.request.hostname)
    handler = HANDLERS.get(event_type)
    if handler is not None:
        app.send_task(handler, kwargs={"event": event})
    rows.ended(self.request.id, "done", handler or "nobody wants it")


@app.task(name=MERGE_REQUEST, base=Handler, bind=True)
def merge_request(self, event: dict) -> None:
    action = event["object_attributes"]["action"]
    rows.started(self.request.id, "hardly", f"merge request: {action}", subject_of(event), self.request.hostname)
    rows.ended(self.request.id, "done", source_git.handle(event))


@app.task(name=PIPELINE, base=Handler, bind=True)
def pipeline_status(self, event: dict) -> None:
    state = event["object_attributes"]["status"]
    rows.started(self.request.id, "hardly", f"pipeline: {state}", subject_of(event), self.request.hostname)
    rows.ended(self.request.id, "done", pipeline.report(event))
