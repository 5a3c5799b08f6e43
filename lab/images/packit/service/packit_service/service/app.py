"""Takes the place of Packit's web service: checks webhooks as it does, queues their events, and answers the dashboard."""

import hmac
from hashlib import sha256

from flask import Flask, abort, jsonify, request
from packit_service import config, rows
from packit_service.celerizer import TASK, app as celery
from packit_service.service import gitlab_tokens

application = Flask(__name__)
settings = config.load()


def signed() -> bool:
    """Whether GitHub's signature is right; without one only where webhooks are not validated."""
    given = request.headers.get("X-Hub-Signature-256")
    if given is None:
        return not settings.get("validate_webhooks", True)
    right = hmac.new(settings["webhook_secret"].encode(), request.get_data(), sha256).hexdigest()
    return hmac.compare_digest(given, f"sha256={right}")


@application.post("/api/webhooks/github")
def github_webhook():
    message = request.get_json()
    if {"zen", "hook_id", "hook"} <= message.keys():
        return "Pong!"
    if not signed():
        abort(401)
    return queue(message, "github", request.headers.get("X-GitHub-Event", ""))


@application.post("/api/webhooks/gitlab")
def gitlab_webhook():
    message = request.get_json()
    given = request.headers.get("X-Gitlab-Token")
    if given is None and settings.get("validate_webhooks", True):
        gitlab_tokens.offer(message["project"]["web_url"])
        return "X-Gitlab-Token not in request.headers\n", 401
    problem = None if given is None else gitlab_tokens.problem(given, message["project"]["git_http_url"])
    if problem is not None:
        return f"{problem}\n", 401
    return queue(message, "gitlab", request.headers.get("X-Gitlab-Event", ""))


def queue(event: dict, source: str, event_type: str):
    task = celery.send_task(TASK, kwargs={"event": event, "source": source, "event_type": event_type})
    return f"stand-in: {task.id} is queued\n", 202


@application.get("/api/tasks")
def tasks():
    answer = jsonify({"stand-in": "this is not Packit's own API", "tasks": rows.newest()})
    # The dashboard's page is of another host.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@application.get("/api/healthz")
def healthz():
    return "stand-in for Packit's service\n"
