/** Repositories: files, refs, commits, statuses, labels, branch protection. */
import { authorOf } from "../forge/git.ts";
import { commitJson, labelJson, repositoryJson, userJson } from "./json.ts";
import {
  type Call,
  created,
  missing,
  nothing,
  ok,
  optional,
  Refusal,
  repositoryOf,
  type Routes,
  text,
} from "./routes.ts";
import { fullName, type Label, type Repository, type Status, now } from "./state.ts";

const refJson = (ref: string, sha: string) => ({ ref, object: { type: "commit", sha } });

async function commitOf(repository: Repository, name: string): Promise<string> {
  const sha = (await repository.git.resolve(`refs/heads/${name}`)) ?? (await repository.git.resolve(name));
  if (sha === undefined) throw missing(`commit ${name}`);
  return sha;
}

const collaborators = ({ world, path }: Call): readonly string[] => world.members(path.owner ?? "") ?? [];

const branchJson = (repository: Repository, name: string, sha: string) => ({
  ...{ name, protected: repository.protections.has(name), commit: { sha } },
});

/** GitHub takes switches as booleans, or null, and gives them as objects. */
const protectionJson = (asked: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(asked).map(([name, value]) => {
      const isSwitch = typeof value === "boolean" || name === "enforce_admins";
      return [name, isSwitch ? { enabled: value === true } : value];
    }),
  );

function labelOf(call: Call): Label {
  const found = repositoryOf(call).labels.get((call.path.rest ?? "").toLowerCase());
  if (found === undefined) throw missing("label");
  return found;
}

const statusJson = (status: Status) => ({ ...status, creator: userJson(status.creator) });

export const repositories: Routes = {
  "GET /repos/:owner/:repo": (call) => ok(repositoryJson(repositoryOf(call))),
  "PATCH /repos/:owner/:repo": async (call) => {
    const repository = repositoryOf(call);
    const branch = optional(call, "default_branch", repository.branch);
    if ((await repository.git.resolve(`refs/heads/${branch}`)) === undefined)
      throw new Refusal(422, `the branch ${branch} was not found`);
    await repository.git.run(["symbolic-ref", "HEAD", `refs/heads/${branch}`]);
    repository.branch = branch;
    return ok(repositoryJson(repository));
  },
  "POST /repos/:owner/:repo/forks": async (call) => {
    const from = repositoryOf(call);
    const there = call.world.repository(call.user, from.name);
    return { status: 202, body: repositoryJson(there ?? (await call.world.create(call.user, from.name, from))) };
  },
  "GET /repos/:owner/:repo/collaborators": (call) => ok(collaborators(call).map(userJson)),
  "GET /repos/:owner/:repo/collaborators/:user": (call) => {
    if (!collaborators(call).includes(call.path.user ?? "")) throw missing("collaborator");
    return nothing;
  },
  "GET /repos/:owner/:repo/collaborators/:user/permission": (call) =>
    ok({ permission: collaborators(call).includes(call.path.user ?? "") ? "write" : "read" }),

  "GET /repos/:owner/:repo/branches": async (call) => {
    const repository = repositoryOf(call);
    const wanted = call.query.get("protected");
    return ok(
      [...(await repository.git.refs())]
        .filter(([ref]) => ref.startsWith("refs/heads/"))
        .map(([ref, sha]) => branchJson(repository, ref.slice("refs/heads/".length), sha))
        .filter((branch) => wanted === null || branch.protected === (wanted === "true")),
    );
  },
  "GET /repos/:owner/:repo/branches/:branch": async (call) => {
    const repository = repositoryOf(call);
    const name = call.path.branch ?? "";
    const sha = await repository.git.resolve(`refs/heads/${name}`);
    if (sha === undefined) throw missing("branch");
    return ok(branchJson(repository, name, sha));
  },
  "GET /repos/:owner/:repo/branches/:branch/protection": (call) => {
    const found = repositoryOf(call).protections.get(call.path.branch ?? "");
    if (found === undefined) throw new Refusal(404, "Branch not protected");
    return ok(protectionJson(found));
  },
  "PUT /repos/:owner/:repo/branches/:branch/protection": (call) => {
    repositoryOf(call).protections.set(call.path.branch ?? "", call.body);
    return ok(protectionJson(call.body));
  },
  "DELETE /repos/:owner/:repo/branches/:branch/protection": (call) => {
    repositoryOf(call).protections.delete(call.path.branch ?? "");
    return nothing;
  },

  "GET /repos/:owner/:repo/git/refs/*": async (call) => {
    const wanted = `refs/${call.path.rest ?? ""}`;
    const refs = await repositoryOf(call).git.refs();
    const sha = refs.get(wanted);
    if (sha !== undefined) return ok(refJson(wanted, sha));
    throw missing("ref");
  },
  "POST /repos/:owner/:repo/git/refs": async (call) => {
    const repository = repositoryOf(call);
    const [ref, sha] = [text(call, "ref"), text(call, "sha")];
    await repository.git.setRef(ref, sha);
    call.events.push(repository, ref, { after: sha }, call.user);
    return created(refJson(ref, sha));
  },
  "PATCH /repos/:owner/:repo/git/refs/*": async (call) => {
    const repository = repositoryOf(call);
    const [ref, after] = [`refs/${call.path.rest ?? ""}`, text(call, "sha")];
    const before = (await repository.git.refs()).get(ref);
    if (before === undefined) throw new Refusal(422, "Reference does not exist");
    if (call.body.force !== true && (await repository.git.mergeBase(before, after)) !== before)
      throw new Refusal(422, "Update is not a fast forward");
    await repository.git.setRef(ref, after);
    await moved(call, repository, ref, before, after);
    return ok(refJson(ref, after));
  },
  "DELETE /repos/:owner/:repo/git/refs/*": async (call) => {
    const repository = repositoryOf(call);
    const ref = `refs/${call.path.rest ?? ""}`;
    const before = (await repository.git.refs()).get(ref);
    if (before === undefined) throw missing("ref");
    await repository.git.deleteRef(ref);
    call.events.push(repository, ref, { before }, call.user);
    return nothing;
  },
  "GET /repos/:owner/:repo/contents/*": async (call) => {
    const repository = repositoryOf(call);
    const name = (call.path.rest ?? "").replace(/\/$/, "");
    const commit = await commitOf(repository, call.query.get("ref") ?? repository.branch);
    const folder = await repository.git.list(commit, name);
    const prefix = name === "" ? "" : `${name}/`;
    if (folder !== undefined) {
      return ok(
        folder.map((entry) => ({
          ...{ name: entry.name, path: `${prefix}${entry.name}`, sha: entry.sha },
          type: entry.type === "tree" ? "dir" : "file",
        })),
      );
    }
    const content = await repository.git.file(commit, name);
    if (content === undefined) throw missing("file");
    const encoded = Buffer.from(content).toString("base64");
    return ok({ type: "file", name: name.split("/").at(-1), path: name, encoding: "base64", content: encoded });
  },
  "PUT /repos/:owner/:repo/contents/*": async (call) => {
    const repository = repositoryOf(call);
    const branch = typeof call.body.branch === "string" ? call.body.branch : repository.branch;
    const ref = `refs/heads/${branch}`;
    const before = await repository.git.resolve(ref);
    const content = Buffer.from(text(call, "content"), "base64");
    const tree = await repository.git.changedTree(before, call.path.rest ?? "", content);
    const parents = before === undefined ? [] : [before];
    const after = await repository.git.makeCommit(tree, parents, text(call, "message"), authorOf(call.user));
    await repository.git.setRef(ref, after);
    await moved(call, repository, ref, before, after);
    return created({ commit: { sha: after, message: text(call, "message") } });
  },

  "GET /repos/:owner/:repo/commits": async (call) => {
    const repository = repositoryOf(call);
    const head = await commitOf(repository, call.query.get("sha") ?? repository.branch);
    const found = await repository.git.commit(head);
    return ok(found === undefined ? [] : [commitJson(repository, found)]);
  },
  "GET /repos/:owner/:repo/commits/:sha": async (call) => {
    const repository = repositoryOf(call);
    const found = await repository.git.commit(await commitOf(repository, call.path.sha ?? ""));
    if (found === undefined) throw missing("commit");
    return ok(commitJson(repository, found));
  },
  "GET /repos/:owner/:repo/commits/:sha/status": async (call) => {
    const repository = repositoryOf(call);
    const sha = await commitOf(repository, call.path.sha ?? "");
    const statuses = call.world.statuses(repository, sha);
    const bad = statuses.some(({ state }) => state === "failure" || state === "error");
    const done = statuses.length > 0 && statuses.every(({ state }) => state === "success");
    return ok({ sha, state: bad ? "failure" : done ? "success" : "pending", statuses: statuses.map(statusJson) });
  },
  "GET /repos/:owner/:repo/commits/:sha/check-runs": () => ok({ total_count: 0, check_runs: [] }),
  "GET /repos/:owner/:repo/statuses/:sha": async (call) => {
    const repository = repositoryOf(call);
    const all = repository.statuses.get(await commitOf(repository, call.path.sha ?? "")) ?? [];
    return ok(all.toReversed().map(statusJson));
  },
  "POST /repos/:owner/:repo/statuses/:sha": async (call) => {
    const repository = repositoryOf(call);
    const sha = await commitOf(repository, call.path.sha ?? "");
    const status: Status = {
      ...{ id: call.world.id(), creator: call.user, created_at: now() },
      ...{ state: text(call, "state"), context: text(call, "context") },
      description: optional(call, "description"),
      target_url: optional(call, "target_url"),
    };
    // GitHub refuses longer ones.
    if (status.description.length > 140) throw new Refusal(422, "description is too long (maximum is 140 characters)");
    const all = repository.statuses.get(sha) ?? [];
    repository.statuses.set(sha, [...all, status]);
    call.events.status(repository, sha, status);
    return created(statusJson(status));
  },

  "GET /repos/:owner/:repo/labels": (call) => {
    const repository = repositoryOf(call);
    return ok([...repository.labels.values()].map(({ name }) => labelJson(repository, name)));
  },
  "POST /repos/:owner/:repo/labels": (call) => {
    const name = text(call, "name");
    const label = {
      name,
      color: optional(call, "color", "ededed"),
      description: optional(call, "description"),
    };
    repositoryOf(call).labels.set(name.toLowerCase(), label);
    return created(label);
  },
  "PATCH /repos/:owner/:repo/labels/*": (call) => {
    const [repository, old] = [repositoryOf(call), labelOf(call)];
    const label = {
      name: optional(call, "new_name", optional(call, "name", old.name)),
      color: optional(call, "color", old.color),
      description: optional(call, "description", old.description),
    };
    repository.labels.delete(old.name.toLowerCase());
    repository.labels.set(label.name.toLowerCase(), label);
    for (const issue of repository.issues.values()) {
      issue.labels = issue.labels.map((one) => (one === old.name ? label.name : one));
    }
    return ok(label);
  },
  "DELETE /repos/:owner/:repo/labels/*": (call) => {
    const [repository, { name }] = [repositoryOf(call), labelOf(call)];
    repository.labels.delete(name.toLowerCase());
    for (const issue of repository.issues.values()) issue.labels = issue.labels.filter((one) => one !== name);
    return nothing;
  },
  "GET /repos/:owner/:repo/milestones": () => ok([]),
};

/** A ref that moved: the pull requests whose head it is follow. */
export async function moved(
  { world, events, user }: Pick<Call, "world" | "events" | "user">,
  repository: Repository,
  ref: string,
  before: string | undefined,
  after: string | undefined,
): Promise<void> {
  events.push(repository, ref, { before, after }, user);
  if (after === undefined) return;
  for (const target of world.repositories.values()) {
    for (const issue of target.issues.values()) {
      const { pull } = issue;
      if (pull === undefined || issue.state === "closed") continue;
      if (pull.head.repository !== fullName(repository) || `refs/heads/${pull.head.ref}` !== ref) continue;
      await target.git.fetch(repository.git, after, `refs/pull/${issue.number}/head`);
      pull.head.sha = after;
      issue.updated = now();
      events.pull(target, issue, "synchronize", user);
    }
  }
}
