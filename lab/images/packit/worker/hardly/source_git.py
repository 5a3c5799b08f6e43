"""Merge requests to source-git: each gets one to dist-git, with its commits as patches, which follows it."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from packit_service import config, gitlab_projects, rows

IDENTITY = ["-c", "user.name=Source-git worker", "-c", "user.email=worker@stand-in.invalid"]


def git(folder: str, *words: str) -> str:
    """What git prints; raises with its messages."""
    done = subprocess.run(["git", *IDENTITY, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def handled(project: str, branch: str) -> bool:
    """Whether gitlab_mr_targets_handled has the target; without it all are."""
    targets = config.load().get("gitlab_mr_targets_handled") or [{}]
    return any(re.fullmatch(one.get("repo", ".+"), project) and re.fullmatch(one.get("branch", ".+"), branch) for one in targets)


def with_bug(description: str) -> str:
    """Bugzilla references as dist-git's pipelines want them."""
    return re.sub(r"^Bugzilla: +(?:https://\S+id=)?(\d+)", r"Resolves: bz#\1", description, flags=re.MULTILINE)


def handle(event: dict) -> str:
    """Opens, updates or closes the merge request to dist-git; returns what it did."""
    merge = event["object_attributes"]
    known = rows.linked(rows.DIST_GIT, merge["url"])
    if known is not None:
        return follow(merge, known)
    path, branch = event["project"]["path_with_namespace"], merge["target_branch"]
    if merge["state"] != "opened" or not handled(path, branch):
        return "not handled"
    dist_git = gitlab_projects.project(f"{os.environ['DISTGIT_URL']}{os.environ['DISTGIT_NAMESPACE']}/{event['project']['name']}")
    source = gitlab_projects.merge_request(merge["url"])
    if branch not in dist_git.get_branches():
        source.comment(f"Can't create a dist-git merge request: there is no branch {branch} in {dist_git.repo}.")
        return f"no branch {branch} in dist-git"
    fork = dist_git.get_fork(create=True)
    push(merge, dist_git, fork)
    made = fork.create_pr(merge["title"], description_of(merge), branch, branch_of(merge))
    rows.link(merge["url"], made.url)
    source.comment(f"[Dist-git MR #{made.id}]({made.url})\nhas been created for sake of triggering the downstream checks.")
    return made.url


def follow(merge: dict, url: str) -> str:
    """What happens to a merge request happens to the one that was made for it."""
    made = gitlab_projects.merge_request(url)
    action = {"close": "closed", "update": "updated"}.get(merge["action"], merge["action"])
    if action == "closed":
        made.close()
    elif merge.get("oldrev"):
        push(merge, made.target_project, made.source_project)
    made.comment(f"[Source-git MR]({merge['url']}) has been {action}.")
    return f"{url} {action}"


def branch_of(merge: dict) -> str:
    return f"{merge['target_branch']}-src-{merge['iid']}"


def description_of(merge: dict) -> str:
    return f"{with_bug(merge['description'])}\n\n---\nThis MR has been automatically created from\n[this source-git MR]({merge['url']})."


def push(merge: dict, dist_git, fork) -> None:
    """Pushes a branch of dist-git with the commits of source-git as patches, by SSH."""
    folder = tempfile.mkdtemp(dir=config.load()["command_handler_work_dir"])
    try:
        target, head = merge["target_branch"], merge["last_commit"]["id"]
        git(folder, "clone", "--quiet", "--branch", target, f"{merge['target']['web_url']}.git", "source-git")
        git(folder, "clone", "--quiet", "--branch", target, dist_git.get_git_urls()["git"], "dist-git")
        source_git, dist = f"{folder}/source-git", f"{folder}/dist-git"
        git(source_git, "fetch", "--quiet", f"{merge['source']['web_url']}.git", merge["source_branch"])
        patches = git(source_git, "format-patch", "--output-directory", dist, f"origin/{target}..{head}").splitlines()
        add_patches(dist, [Path(patch).name for patch in patches])
        git(dist, "add", "--all")
        git(dist, "commit", "--quiet", "--message", f"{merge['title']}\n\n{with_bug(merge['description'])}\n\nFrom-source-git-commit: {head}")
        git(dist, "push", "--quiet", "--force", fork.get_git_urls()["ssh"], f"HEAD:refs/heads/{branch_of(merge)}")
    finally:
        shutil.rmtree(folder)


def add_patches(folder: str, names: list) -> None:
    """Names the patches in the spec file, below its last source or patch."""
    for spec in Path(folder).glob("*.spec"):
        lines = spec.read_text().splitlines()
        last = max(at for at, line in enumerate(lines) if re.match(r"(Source|Patch)\d*:", line))
        added = [f"Patch{at}: {name}" for at, name in enumerate(names, 1)]
        spec.write_text("\n".join([*lines[: last + 1], *added, *lines[last + 1 :], ""]))
