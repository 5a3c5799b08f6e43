"""GitHub, as the App: tokman has its tokens."""

import json
import urllib.request

from github import Auth, Github
from packit_service import config

#: Seconds for tokman, who asks GitHub.
PATIENCE = 30
#: What GitHub takes as a description.
LONGEST = 140


def token(repository: str) -> str:
    """A token of the App's installation at the repository, from tokman."""
    url = f"{config.github()['tokman_instance_url']}/api/{repository}"
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return json.load(answer)["access_token"]


def status(repository: str, sha: str, state: str, description: str) -> str:
    """Sets the status of a commit; returns what it did."""
    github = Github(auth=Auth.Token(token(repository)))
    commit = github.get_repo(repository).get_commit(sha)
    commit.create_status(state=state, description=description[:LONGEST], context="packit/stand-in")
    return f"status {state} at GitHub, with tokman's token"
