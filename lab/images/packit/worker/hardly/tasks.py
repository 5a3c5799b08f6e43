"""Stream's worker has the same task."""

from packit_service.worker.tasks import app, process_message

__all__ = ["app", "process_message"]
