"""Secret tokens of webhooks at GitLab: signed by gitlab_token_secret, for a group or a project."""

import jwt
from ogr.parsing import parse_git_repo
from packit_service import config, gitlab_projects

TITLE = "Packit Authentication"


def token(**claims: str) -> str:
    return jwt.encode(claims, config.load()["gitlab_token_secret"], algorithm="HS256")


def problem(given: str, address: str):
    """Why a token is not one for the project at the address; None if it is."""
    try:
        claims = jwt.decode(given, config.load()["gitlab_token_secret"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return "Can't decode X-Gitlab-Token."
    where = parse_git_repo(address)
    fits = claims["namespace"] == where.namespace and claims.get("repo_name", where.repo) == where.repo
    return None if fits else "Decoded X-Gitlab-Token does not match namespace[/project]."


def offer(address: str) -> None:
    """Tells the project's owners their tokens in a confidential issue, once."""
    where, project = parse_git_repo(address), gitlab_projects.project(address)
    if any(issue.title == TITLE for issue in project.get_issue_list()):
        return
    of_project, of_group = token(namespace=where.namespace, repo_name=where.repo), token(namespace=where.namespace)
    body = f"stand-in: the webhook's secret token is for this project\n\n{of_project}\n\nand for its whole group\n\n{of_group}\n"
    project.create_issue(title=TITLE, body=body, private=True)
