"""Pipelines of dist-git, reported at the commit of the source-git merge request."""

from ogr.abstract import CommitStatus
from packit_service import gitlab_projects, rows

STATES = {
    "pending": CommitStatus.pending,
    "running": CommitStatus.running,
    "success": CommitStatus.success,
    "failed": CommitStatus.failure,
    "canceled": CommitStatus.failure,
}


def report(event: dict) -> str:
    """Sets the status; returns what it did."""
    merge, run = event.get("merge_request") or {}, event["object_attributes"]
    url = rows.linked(rows.SOURCE_GIT, merge.get("url", ""))
    if url is None:
        return "of no source-git merge request"
    merge_request = gitlab_projects.merge_request(url)
    page = f"{event['project']['web_url']}/-/pipelines/{run['id']}"
    description = f"Changed status to {run['detailed_status']}"
    merge_request.target_project.set_commit_status(
        merge_request.head_commit, STATES[run["status"]], page, description, "Dist-git MR CI Pipeline", trim=True
    )
    return f"status {run['status']} at {url}"
