/** Issues and pull requests: comments, labels, reviews, merges. */
import { authorOf, type GitRepository } from "../forge/git.ts";
import { commentJson, commitJson, issueJson, labelJson, pullJson, userJson } from "./json.ts";
import {
  type Call,
  created,
  issueOf,
  missing,
  nothing,
  ok,
  optional,
  pullOf,
  Refusal,
  repositoryOf,
  type Routes,
  text,
  texts,
} from "./routes.ts";
import { search } from "./search.ts";
import { type Comment, fullName, type Issue, type Pull, type Repository, now } from "./state.ts";

/** Milliseconds since when lists are asked for; 0 for all. */
const sinceOf = ({ query }: Call): number => Date.parse(query.get("since") ?? "") || 0;

function touch(issue: Issue): void {
  issue.updated = now();
}

function commentOf(call: Call): { readonly issue: Issue; readonly comment: Comment } {
  for (const issue of repositoryOf(call).issues.values()) {
    const comment = issue.comments.find(({ id }) => id === Number(call.path.comment));
    if (comment !== undefined) return { issue, comment };
  }
  throw missing("comment");
}

const labelsOf = (repository: Repository, issue: Issue) => issue.labels.map((name) => labelJson(repository, name));
const byState = ({ query }: Call) => {
  const wanted = query.get("state") ?? "open";
  return ({ state }: Issue): boolean => wanted === "all" || state === wanted;
};

/** What a pull request is compared with: what its branch was, where it is merged. */
const baseOf = ({ merged, base }: Pull): string => (merged === undefined ? `refs/heads/${base}` : `${merged.sha}^`);

const reviewJson = ({ id, user, state, body, commit, submitted }: Pull["reviews"][number]) => ({
  ...{ id, user: userJson(user), state, body, commit_id: commit, submitted_at: submitted },
});

function change(call: Call, issue: Issue): void {
  const repository = repositoryOf(call);
  const { title, body, state } = call.body;
  const said = (action: string): void => {
    touch(issue);
    if (issue.pull === undefined) call.events.issue(repository, issue, action, call.user);
    else call.events.pull(repository, issue, action, call.user);
  };
  if (typeof title === "string" || typeof body === "string") {
    if (typeof title === "string") issue.title = title;
    if (typeof body === "string") issue.body = body;
    said("edited");
  }
  if ((state === "open" || state === "closed") && state !== issue.state) {
    issue.state = state;
    said(state === "open" ? "reopened" : "closed");
  }
}

async function openPull(call: Call): Promise<Issue> {
  const repository = repositoryOf(call);
  const [user, ref = ""] = text(call, "head").includes(":")
    ? text(call, "head").split(":")
    : [repository.owner, text(call, "head")];
  const from = call.world.repository(user ?? "", repository.name);
  const sha = await from?.git.resolve(`refs/heads/${ref}`);
  const base = text(call, "base");
  const target = await repository.git.resolve(`refs/heads/${base}`);
  if (from === undefined || sha === undefined || target === undefined)
    throw new Refusal(422, "head or base is invalid");
  const pull: Pull = {
    ...{ head: { repository: fullName(from), ref, sha }, base, draft: call.body.draft === true },
    ...{ merged: undefined, reviews: [], requested: [] },
  };
  const fields = { title: text(call, "title"), body: optional(call, "body"), user: call.user, pull };
  const issue = call.world.open(repository, fields);
  await repository.git.fetch(from.git, sha, `refs/pull/${issue.number}/head`);
  call.events.pull(repository, issue, "opened", call.user);
  return issue;
}

/** @returns the commit; undefined where the two conflict */
async function makeMerge(git: GitRepository, call: Call, issue: Issue, pull: Pull): Promise<string | undefined> {
  const base = await git.resolve(`refs/heads/${pull.base}`);
  const tree = base === undefined ? undefined : await git.mergeTree(base, pull.head.sha);
  if (base === undefined || tree === undefined) return undefined;
  const squash = call.body.merge_method === "squash";
  const title = squash
    ? `${issue.title} (#${issue.number})`
    : `Merge pull request #${issue.number} from ${pull.head.repository.split("/")[0] ?? ""}/${pull.head.ref}`;
  const given = (name: string, fallback: string): string => optional(call, name) || fallback;
  const message = `${given("commit_title", title)}\n\n${given("commit_message", issue.title)}`;
  return git.makeCommit(
    tree,
    squash ? [base] : [base, pull.head.sha],
    message,
    authorOf(squash ? issue.user : call.user),
  );
}

export const issues: Routes = {
  "GET /search/issues": ({ world, query }) => {
    const found = search(world, query.get("q") ?? "");
    return ok({ total_count: found.length, items: found.map(({ repository, issue }) => issueJson(repository, issue)) });
  },
  "GET /repos/:owner/:repo/issues": (call) => {
    const repository = repositoryOf(call);
    return ok([...repository.issues.values()].filter(byState(call)).map((issue) => issueJson(repository, issue)));
  },
  "POST /repos/:owner/:repo/issues": (call) => {
    const repository = repositoryOf(call);
    const fields = { title: text(call, "title"), body: optional(call, "body"), user: call.user };
    const issue = call.world.open(repository, fields);
    call.events.issue(repository, issue, "opened", call.user);
    return created(issueJson(repository, issue));
  },
  "GET /repos/:owner/:repo/issues/:number": (call) => ok(issueJson(repositoryOf(call), issueOf(call))),
  "PATCH /repos/:owner/:repo/issues/:number": (call) => {
    const issue = issueOf(call);
    change(call, issue);
    return ok(issueJson(repositoryOf(call), issue));
  },
  "GET /repos/:owner/:repo/issues/:number/comments": (call) => {
    const [repository, issue] = [repositoryOf(call), issueOf(call)];
    const wanted = issue.comments.filter(({ created: at }) => Date.parse(at) >= sinceOf(call));
    return ok(wanted.map((comment) => commentJson(repository, issue, comment)));
  },
  "POST /repos/:owner/:repo/issues/:number/comments": (call) => {
    const [repository, issue] = [repositoryOf(call), issueOf(call)];
    const identity = { id: call.world.id(), user: call.user, created: now() };
    const comment: Comment = { ...identity, body: text(call, "body") };
    issue.comments.push(comment);
    touch(issue);
    call.events.comment(repository, issue, "created", comment);
    return created(commentJson(repository, issue, comment));
  },
  "GET /repos/:owner/:repo/issues/comments/:comment": (call) => {
    const { issue, comment } = commentOf(call);
    return ok(commentJson(repositoryOf(call), issue, comment));
  },
  "PATCH /repos/:owner/:repo/issues/comments/:comment": (call) => {
    const { issue, comment } = commentOf(call);
    comment.body = text(call, "body");
    call.events.comment(repositoryOf(call), issue, "edited", comment);
    return ok(commentJson(repositoryOf(call), issue, comment));
  },
  "DELETE /repos/:owner/:repo/issues/comments/:comment": (call) => {
    const { issue, comment } = commentOf(call);
    issue.comments.splice(issue.comments.indexOf(comment), 1);
    call.events.comment(repositoryOf(call), issue, "deleted", comment);
    return nothing;
  },
  "GET /repos/:owner/:repo/issues/:number/labels": (call) => ok(labelsOf(repositoryOf(call), issueOf(call))),
  "POST /repos/:owner/:repo/issues/:number/labels": (call) => {
    const [repository, issue] = [repositoryOf(call), issueOf(call)];
    const names = Array.isArray(call.body) ? (call.body as string[]) : texts(call, "labels");
    for (const name of names) {
      if (!repository.labels.has(name.toLowerCase())) {
        repository.labels.set(name.toLowerCase(), { name, color: "ededed", description: "" });
      }
      if (issue.labels.some((one) => one.toLowerCase() === name.toLowerCase())) continue;
      issue.labels.push(name);
      touch(issue);
      call.events.label(repository, issue, "labeled", name, call.user);
    }
    return ok(labelsOf(repository, issue));
  },
  "DELETE /repos/:owner/:repo/issues/:number/labels/*": (call) => {
    const [repository, issue] = [repositoryOf(call), issueOf(call)];
    const name = issue.labels.find((one) => one.toLowerCase() === (call.path.rest ?? "").toLowerCase());
    if (name === undefined) throw new Refusal(404, "Label does not exist");
    issue.labels = issue.labels.filter((one) => one !== name);
    touch(issue);
    call.events.label(repository, issue, "unlabeled", name, call.user);
    return ok(labelsOf(repository, issue));
  },
  "POST /repos/:owner/:repo/issues/:number/assignees": (call) => {
    const issue = issueOf(call);
    issue.assignees = [...new Set([...issue.assignees, ...texts(call, "assignees")])];
    return created(issueJson(repositoryOf(call), issue));
  },
  "DELETE /repos/:owner/:repo/issues/:number/assignees": (call) => {
    const issue = issueOf(call);
    issue.assignees = issue.assignees.filter((one) => !texts(call, "assignees").includes(one));
    return ok(issueJson(repositoryOf(call), issue));
  },
  "GET /repos/:owner/:repo/issues/:number/events": () => ok([]),

  "GET /repos/:owner/:repo/pulls": async (call) => {
    const repository = repositoryOf(call);
    const wanted = [...repository.issues.values()].filter(byState(call));
    const pulls = wanted.flatMap((issue) => (issue.pull === undefined ? [] : [{ issue, pull: issue.pull }]));
    return ok(await Promise.all(pulls.map(({ issue, pull }) => pullJson(call.world, repository, issue, pull))));
  },
  "POST /repos/:owner/:repo/pulls": async (call) => {
    const issue = await openPull(call);
    const { pull } = issue;
    if (pull === undefined) throw missing("pull request");
    return created(await pullJson(call.world, repositoryOf(call), issue, pull));
  },
  "GET /repos/:owner/:repo/pulls/:number": async (call) => {
    const { issue, pull } = pullOf(call);
    if (/^application\/vnd\.github\.(v3\.)?patch$/.test(call.accept))
      return { status: 200, text: await repositoryOf(call).git.patch(baseOf(pull), pull.head.sha) };
    return ok(await pullJson(call.world, repositoryOf(call), issue, pull));
  },
  "PATCH /repos/:owner/:repo/pulls/:number": async (call) => {
    const { issue, pull } = pullOf(call);
    change(call, issue);
    return ok(await pullJson(call.world, repositoryOf(call), issue, pull));
  },
  "GET /repos/:owner/:repo/pulls/:number/files": async (call) => {
    const { pull } = pullOf(call);
    const found = await repositoryOf(call).git.changes(baseOf(pull), pull.head.sha);
    return ok(found.map((file) => ({ ...file, changes: file.additions + file.deletions })));
  },
  "GET /repos/:owner/:repo/pulls/:number/commits": async (call) => {
    const repository = repositoryOf(call);
    const { pull } = pullOf(call);
    const found = await repository.git.commits(`refs/heads/${pull.base}`, pull.head.sha);
    return ok(found.map((commit) => commitJson(repository, commit)));
  },
  "GET /repos/:owner/:repo/pulls/:number/comments": (call) => {
    pullOf(call);
    return ok([]);
  },
  "GET /repos/:owner/:repo/pulls/:number/reviews": (call) => ok(pullOf(call).pull.reviews.map(reviewJson)),
  "POST /repos/:owner/:repo/pulls/:number/reviews": (call) => {
    const { issue, pull } = pullOf(call);
    const states: Readonly<Record<string, string>> = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED" };
    const review = {
      ...{ id: call.world.id(), user: call.user, body: optional(call, "body"), commit: pull.head.sha },
      ...{ state: states[String(call.body.event)] ?? "COMMENTED", submitted: now() },
    };
    pull.reviews.push(review);
    call.events.review(repositoryOf(call), issue, review);
    return ok(reviewJson(review));
  },
  "POST /repos/:owner/:repo/pulls/:number/requested_reviewers": async (call) => {
    const { issue, pull } = pullOf(call);
    pull.requested = [...new Set([...pull.requested, ...texts(call, "reviewers")])];
    return created(await pullJson(call.world, repositoryOf(call), issue, pull));
  },
  "PUT /repos/:owner/:repo/pulls/:number/merge": async (call) => {
    const repository = repositoryOf(call);
    const { issue, pull } = pullOf(call);
    if (call.body.merge_method === "rebase")
      throw new Refusal(405, "Rebase merges are not allowed on this repository.");
    if (issue.state === "closed") throw new Refusal(405, "Pull Request is not mergeable");
    if (typeof call.body.sha === "string" && call.body.sha !== "" && call.body.sha !== pull.head.sha) {
      throw new Refusal(409, "Head branch was modified. Review and try the merge again.");
    }
    const before = await repository.git.resolve(`refs/heads/${pull.base}`);
    const sha = await makeMerge(repository.git, call, issue, pull);
    if (sha === undefined) throw new Refusal(405, "Pull Request is not mergeable");
    await repository.git.setRef(`refs/heads/${pull.base}`, sha);
    pull.merged = { sha, by: call.user, at: now() };
    issue.state = "closed";
    touch(issue);
    call.events.pull(repository, issue, "closed", call.user);
    call.events.push(repository, `refs/heads/${pull.base}`, { before, after: sha }, call.user);
    return ok({ sha, merged: true, message: "Pull Request successfully merged" });
  },
};
