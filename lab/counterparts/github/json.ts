/** Objects of the state as GitHub's REST interface and its webhooks show them; the fields are those that its clients here read. */
import type { Commit } from "../forge/git.ts";
import { type Comment, fullName, type Hook, type Issue, type Pull, type Repository, type World } from "./state.ts";

const site = "https://github.com";
const api = "https://api.github.com";

export const userJson = (login: string) => ({
  login,
  // Stable and of its own, as clients compare ids.
  id: Buffer.from(login).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7),
  name: login,
  email: `${login}@users.noreply.github.com`,
  type: "User",
  html_url: `${site}/${login}`,
});

export const repositoryJson = (repository: Repository) => ({
  id: repository.id,
  name: repository.name,
  full_name: fullName(repository),
  owner: userJson(repository.owner),
  html_url: `${site}/${fullName(repository)}`,
  url: `${api}/repos/${fullName(repository)}`,
  clone_url: `${site}/${fullName(repository)}.git`,
  default_branch: repository.branch,
  archived: repository.archived,
  private: false,
  fork: repository.parent !== undefined,
  ...(repository.parent === undefined ? {} : { parent: { full_name: repository.parent } }),
  ...{ has_issues: true, has_projects: false, has_wiki: false },
  ...{ allow_squash_merge: true, allow_merge_commit: true, allow_rebase_merge: false },
  permissions: { pull: true, triage: true, push: true, maintain: true, admin: true },
});

export const labelJson = (repository: Repository, name: string) => ({
  name,
  color: repository.labels.get(name.toLowerCase())?.color ?? "ededed",
  description: repository.labels.get(name.toLowerCase())?.description ?? "",
});

export const commentJson = (repository: Repository, issue: Issue, comment: Comment) => ({
  id: comment.id,
  body: comment.body,
  user: userJson(comment.user),
  html_url: `${addressOf(repository, issue)}#issuecomment-${comment.id}`,
  created_at: comment.created,
  updated_at: comment.created,
});

export const addressOf = (repository: Repository, { number, pull }: Issue): string =>
  `${site}/${fullName(repository)}/${pull === undefined ? "issues" : "pull"}/${number}`;

export const issueJson = (repository: Repository, issue: Issue) => ({
  id: repository.id * 10_000 + issue.number,
  number: issue.number,
  title: issue.title,
  body: issue.body,
  state: issue.state,
  user: userJson(issue.user),
  labels: issue.labels.map((name) => labelJson(repository, name)),
  assignees: issue.assignees.map(userJson),
  comments: issue.comments.length,
  html_url: addressOf(repository, issue),
  url: `${api}/repos/${fullName(repository)}/issues/${issue.number}`,
  created_at: issue.created,
  updated_at: issue.updated,
  ...(issue.pull === undefined ? {} : { pull_request: { html_url: addressOf(repository, issue) } }),
});

/** A pull request; `mergeable` and `base.sha` are git's answers. */
export async function pullJson(world: World, repository: Repository, issue: Issue, pull: Pull) {
  const [owner = "", name = ""] = pull.head.repository.split("/");
  const from = world.repository(owner, name) ?? repository;
  const baseSha = await repository.git.resolve(`refs/heads/${pull.base}`);
  const open = issue.state === "open";
  const merged = open && baseSha !== undefined ? await repository.git.mergeTree(baseSha, pull.head.sha) : undefined;
  return {
    ...issueJson(repository, issue),
    url: `${api}/repos/${fullName(repository)}/pulls/${issue.number}`,
    issue_url: `${api}/repos/${fullName(repository)}/issues/${issue.number}`,
    draft: pull.draft,
    merged: pull.merged !== undefined,
    ...(pull.merged === undefined
      ? {}
      : { merge_commit_sha: pull.merged.sha, merged_at: pull.merged.at, merged_by: userJson(pull.merged.by) }),
    ...(open ? { mergeable: merged !== undefined } : {}),
    requested_reviewers: pull.requested.map(userJson),
    base: { ref: pull.base, sha: baseSha, repo: repositoryJson(repository), user: userJson(repository.owner) },
    head: { ref: pull.head.ref, sha: pull.head.sha, repo: repositoryJson(from), user: userJson(from.owner) },
  };
}

export const commitJson = (repository: Repository, commit: Commit) => ({
  sha: commit.sha,
  url: `${api}/repos/${fullName(repository)}/commits/${commit.sha}`,
  html_url: `${site}/${fullName(repository)}/commit/${commit.sha}`,
  commit: {
    message: commit.message,
    tree: { sha: commit.tree },
    author: { ...commit.author, date: commit.date },
    committer: { ...commit.author, date: commit.date },
    verification: { verified: false },
  },
  author: userJson(commit.author.name),
  committer: userJson(commit.author.name),
  parents: commit.parents.map((sha) => ({ sha })),
});

export const hookJson = ({ id, url, owner }: Hook) => ({
  ...{ id, name: "web", active: true, events: ["*"], url: `${api}/orgs/${owner}/hooks/${id}` },
  config: { url, content_type: "json" },
});
