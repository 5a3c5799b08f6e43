"""Takes the place of Packit's own tasks: each event becomes a row; a pull request gets a status, and a command in a sandbox."""

import os

from packit_service import rows
from packit_service.celerizer import TASK, app
from packit_service.worker import forge, metrics, sandbox

print("stand-in for the tasks of Packit's worker: Celery is real, the tasks are not Packit's own", flush=True)

__all__ = ["app", "process_message"]

#: Name of the task that runs what strangers wrote.
BUILD = "task.stand_in.build"
#: What every sandbox runs: it writes into its volume, and says who it is.
COMMAND = 'id -u >"$SANDBOX/user" && echo "uid $(cat "$SANDBOX/user") in $(hostname): $PULL_REQUEST"'


def subject_of(event: dict) -> str:
    """What the event is about, in a few words."""
    pull = event.get("pull_request")
    if pull:
        return f"{event['repository']['full_name']}#{pull['number']} at {pull['head']['sha'][:12]}"
    return str(event.get("subject") or event.get("what") or event.get("topic") or event.get("action") or "")


@app.task(name=TASK, bind=True)
def process_message(self, event: dict, source: str = "", event_type: str = "") -> str:
    """Handles one event of a forge or of a message bus."""
    task = self.request.id
    rows.started(task, source, event_type or event.get("topic", ""), subject_of(event), self.request.hostname)
    output = "noted"
    pull = event.get("pull_request")
    if source == "github" and pull and event.get("action") in ["opened", "synchronize"]:
        repository, sha = event["repository"]["full_name"], pull["head"]["sha"]
        output = forge.status(repository, sha, "pending", "waits for a sandbox")
        kwargs = {"repository": repository, "sha": sha, "number": pull["number"]}
        app.send_task(BUILD, kwargs=kwargs, queue="long-running")
    rows.ended(task, "done", output)
    metrics.count(source)
    return output


@app.task(name=BUILD, bind=True)
def build(self, repository: str, sha: str, number: int) -> str:
    """In place of a build: a command in a sandbox, and its outcome at the forge."""
    task, subject = self.request.id, f"{repository}#{number} at {sha[:12]}"
    rows.started(task, "packit-worker", "sandbox", subject, self.request.hostname)
    code, output = sandbox.run(COMMAND, {"PULL_REQUEST": subject})
    forge.status(repository, sha, "success" if code == 0 else "failure", output)
    rows.ended(task, "done" if code == 0 else "failed", output)
    metrics.count("sandbox")
    return output


@app.task(name="task.stand_in.tick", bind=True)
def tick(self) -> None:
    """Beat's; all its runs share a row."""
    rows.started("beat", "beat", "schedule", "every 30 s", self.request.hostname)
    rows.ended("beat", "done", os.environ["PROJECT"])
