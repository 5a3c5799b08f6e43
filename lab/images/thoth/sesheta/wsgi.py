"""Takes the place of Sesheta's receiver: the variables, the key, the paths and the answers of the real one."""

import hashlib
import hmac
import os

import chat
from flask import Flask, request

print("stand-in for Sesheta: gunicorn, Flask and google-auth are real, the rest is not Sesheta's own", flush=True)

SECRET = os.environ["SESHETA_GITHUB_WEBHOOK_SECRET"].encode()
SPACE = os.environ["SESHETA_GOOGLE_CHAT_SPACE"]
TOKEN = os.environ["SESHETA_GITHUB_ACCESS_TOKEN"]
# The real one has this path in its code.
KEY = "/opt/app-root/etc/gcloud/sesheta-chatbot-968e13a86991.json"

application = Flask(__name__)


@application.get("/")
def index():
    return {"stand-in": "this is not Sesheta's own"}


@application.get("/_healthz/")
@application.get("/metrics/")
def probe():
    return {}


@application.post("/github")
def github():
    """GitHub's webhooks: of these the real one only says whether they are GitHub's; the answer is the same."""
    event = request.headers.get("X-GitHub-Event", "none")
    expected = "sha1=" + hmac.new(SECRET, request.get_data(), hashlib.sha1).hexdigest()
    right = event == "ping" or hmac.compare_digest(expected, request.headers.get("X-Hub-Signature", ""))
    print(f"GitHub's event {event}: {'signed' if right else 'WRONG SIGNATURE'}", flush=True)
    return {"message": "thanks"}


@application.post("/prometheus")
def prometheus():
    """Alertmanager's webhooks become messages in the chat."""
    alert = request.get_json()
    labels, severity = alert["commonLabels"], alert["commonAnnotations"]["severity"]
    name = labels["alertname"]
    text = f"{alert['status']}: {name} ({severity}) of {labels['job']} at {labels['instance']}, {alert['externalURL']}"
    chat.post(KEY, SPACE, text, f"alert_{name}")
    return {"message": "thanks"}
