"""Takes the place of the Review Manager, a GitHub App: variables, key and answers of the real one."""

import asyncio
import os

import chat
from octomachinery.app.routing import process_event_actions
from octomachinery.app.routing.decorators import process_webhook_payload
from octomachinery.app.runtime.context import RUNTIME_CONTEXT
from octomachinery.app.server.runner import run

print("stand-in for the Review Manager: octomachinery and google-auth are real, the rest is not Sefkhet-Abwy's own", flush=True)

SPACE = os.environ["SESHETA_THOTH_DEVOPS_SPACE"]
# The real one has this path in its code.
KEY = "/opt/app-root/etc/gcloud/sesheta-chatbot.json"
#: Titles of the bots' own pull requests.
AUTOMATIC = ("Automatic update of dependency", "Release of version", "Automatic dependency re-locking")


async def notify(pull_request, repository, text):
    thread = f"pull_request_{repository['name']}_{pull_request['id']}"
    message = f"{text} {pull_request['html_url']}"
    await asyncio.get_running_loop().run_in_executor(None, chat.post, KEY, SPACE, message, thread)


@process_event_actions("pull_request", {"opened", "reopened"})
@process_webhook_payload
async def on_pull_request(*, action, pull_request, repository, **_):
    """Approves what the bots propose; of what people propose the chat is told."""
    if not pull_request["title"].startswith(AUTOMATIC):
        await notify(pull_request, repository, f"Pull request {action}:")
        return
    github = RUNTIME_CONTEXT.app_installation_client
    review = {"body": "This is an auto-approve of an auto-PR, by the stand-in for the Review Manager.", "event": "APPROVE"}
    await github.post(f"{pull_request['url']}/reviews", data=review)
    await github.post(f"{pull_request['issue_url']}/labels", data={"labels": ["approved"]})
    print(f"approved {pull_request['html_url']}", flush=True)


@process_event_actions("pull_request_review", {"submitted"})
@process_webhook_payload
async def on_review(*, review, pull_request, repository, **_):
    """Tells the chat of a person's review."""
    reviewer = review["user"]["login"]
    if reviewer.endswith("[bot]"):
        return
    said = "approved this pull request" if review["state"] == "approved" else "commented on this pull request"
    await notify(pull_request, repository, f"{reviewer} {said}:")


run(name="Sefkhet-Abwy", version="stand-in", url="https://github.com/AICoE/sefkhet-abwy")
