/** People, groups with their webhooks, and projects: forks, branches, commits, files, statuses, issues. */
import { authorOf } from "../forge/git.ts";
import { created, missing, ok, optional, Refusal, text } from "../forge/routes.ts";
import { deliveryJson, hookJson, issueJson, projectJson, statusJson, userJson } from "./json.ts";
import { type Call, groupOf, ownProject, projectOf, type Routes } from "./routes.ts";
import { eventNames, type Hook, type Issue, nameOf, namespaceOf, type Project, type Status } from "./state.ts";
import { send } from "./webhooks.ts";

/** A change of one file in a commit that is made by the interface. */
interface Action {
  readonly file_path: string;
  readonly content: string;
}

/** @throws {Refusal} */
function hookOf(call: Call): Hook {
  const { path } = groupOf(call);
  const found = call.world.hooks.find(({ id, group }) => String(id) === call.path.hook && group === path);
  if (found === undefined) throw missing("webhook");
  return found;
}

async function commitOf(project: Project, name: string): Promise<string> {
  const found = (await project.git.resolve(`refs/heads/${name}`)) ?? (await project.git.resolve(name));
  if (found === undefined) throw missing(`commit ${name}`);
  return found;
}

/** A branch that moved: the open merge requests from it tell so. */
async function moved(call: Call, project: Project, branch: string, before: string): Promise<void> {
  const all = call.world.projects.flatMap(({ mergeRequests }) => mergeRequests);
  for (const merge of all) {
    if (merge.source !== project || merge.sourceBranch !== branch || merge.state !== "opened") continue;
    call.events.mergeRequest(await call.world.refreshed(merge), "update", call.user, before);
  }
}

export const projects: Routes = {
  "GET /user": ({ user }) => ok(userJson(user)),
  "GET /groups/:group": (call) => {
    const { id, path } = groupOf(call);
    return ok({ id, full_path: path });
  },
  "GET /groups/:group/hooks": (call) => {
    const { path } = groupOf(call);
    return ok(call.world.hooks.filter(({ group }) => group === path).map(hookJson));
  },
  "POST /groups/:group/hooks": (call) => {
    const { path } = groupOf(call);
    const events = eventNames.filter((name) => call.body[name] === true);
    const url = text(call, "url");
    const hook: Hook = {
      id: call.world.id(),
      group: path,
      url,
      events,
      token: optional(call, "token"),
      deliveries: [],
    };
    call.world.hooks.push(hook);
    return created(hookJson(hook));
  },
  "PUT /groups/:group/hooks/:hook": (call) => {
    const found = hookOf(call);
    found.token = text(call, "token");
    return ok(hookJson(found));
  },

  "GET /groups/:group/hooks/:hook/events": (call) => {
    const hook = hookOf(call);
    return ok(hook.deliveries.toReversed().map((one) => deliveryJson(hook, one)));
  },
  "POST /groups/:group/hooks/:hook/events/:event/resend": async (call) => {
    const hook = hookOf(call);
    const old = hook.deliveries.find(({ id }) => String(id) === call.path.event);
    if (old === undefined) throw missing("webhook event");
    const { status } = await send({ world: call.world, hook }, old);
    return created({ response_status: status });
  },

  "POST /projects": async (call) => {
    const group = call.world.group(String(call.body.namespace_id));
    const namespace = group?.path ?? call.user;
    if (!call.world.owns(call.user, namespace)) throw new Refusal(403, "403 Forbidden");
    const path = `${namespace}/${text(call, "path")}`;
    if (call.world.project(path) !== undefined) throw new Refusal(400, "path has already been taken");
    return created(projectJson(await call.world.create(path, optional(call, "default_branch", "main"))));
  },
  "GET /projects/:project": (call) => ok(projectJson(projectOf(call))),
  "GET /projects/:project/forks": (call) => {
    const project = projectOf(call);
    return ok(call.world.projects.filter(({ parent }) => parent === project).map(projectJson));
  },
  "POST /projects/:project/fork": async (call) => {
    const project = projectOf(call);
    const path = `${call.user}/${optional(call, "path", nameOf(project.path))}`;
    if (call.world.project(path) !== undefined) throw new Refusal(409, "path has already been taken");
    return created(projectJson(await call.world.create(path, project.branch, project)));
  },

  "GET /projects/:project/repository/branches": async (call) => {
    const refs = await projectOf(call).git.refs();
    const heads = [...refs].filter(([ref]) => ref.startsWith("refs/heads/"));
    return ok(heads.map(([ref, id]) => ({ name: ref.slice("refs/heads/".length), commit: { id } })));
  },
  "GET /projects/:project/repository/files/:file": async (call) => {
    const project = projectOf(call);
    const commit = await commitOf(project, call.query.get("ref") ?? project.branch);
    const content = await project.git.file(commit, call.path.file ?? "");
    if (content === undefined) throw missing("file");
    return ok({ file_path: call.path.file, encoding: "base64", content: Buffer.from(content).toString("base64") });
  },
  "POST /projects/:project/repository/commits": async (call) => {
    const project = ownProject(call);
    const branch = text(call, "branch");
    const ref = `refs/heads/${branch}`;
    const before = await project.git.resolve(ref);
    const parent = before ?? (await project.git.resolve(optional(call, "start_branch", project.branch)));
    let tree = parent;
    for (const { file_path: file, content } of call.body.actions as readonly Action[]) {
      tree = await project.git.changedTree(tree, file, Buffer.from(content));
    }
    const parents = parent === undefined ? [] : [parent];
    const message = text(call, "commit_message");
    const id = await project.git.makeCommit(tree ?? "", parents, message, authorOf(call.user));
    await project.git.setRef(ref, id);
    if (before !== undefined) await moved(call, project, branch, before);
    return created({ id, message });
  },
  "GET /projects/:project/repository/commits/:sha": async (call) => {
    const project = projectOf(call);
    const found = await project.git.commit(await commitOf(project, call.path.sha ?? ""));
    if (found === undefined) throw missing("commit");
    return ok({ id: found.sha, message: found.message, author_name: found.author.name });
  },
  "GET /projects/:project/repository/commits/:sha/statuses": async (call) => {
    const project = projectOf(call);
    return ok(call.world.statuses(project, await commitOf(project, call.path.sha ?? "")).map(statusJson));
  },
  "POST /projects/:project/statuses/:sha": async (call) => {
    const project = ownProject(call);
    const sha = await commitOf(project, call.path.sha ?? "");
    const status: Status = {
      ...{ id: call.world.id(), sha, author: call.user, created_at: new Date().toISOString() },
      ...{ status: text(call, "state"), name: optional(call, "context", optional(call, "name", "default")) },
      ...{ description: optional(call, "description"), target_url: optional(call, "target_url") },
    };
    project.statuses.set(sha, [...(project.statuses.get(sha) ?? []), status]);
    return created(statusJson(status));
  },

  "GET /projects/:project/issues": (call) => {
    const project = projectOf(call);
    const all = call.world.owns(call.user, namespaceOf(project.path));
    const shown = project.issues.filter(({ confidential, author }) => all || !confidential || author === call.user);
    return ok(shown.map((issue) => issueJson(project, issue)));
  },
  "POST /projects/:project/issues": (call) => {
    const project = projectOf(call);
    // ogr says it in the query.
    const confidential = call.body.confidential === true || call.query.get("confidential")?.toLowerCase() === "true";
    const issue: Issue = {
      ...{ iid: project.issues.length + 1, author: call.user, confidential },
      ...{ title: text(call, "title"), description: optional(call, "description") },
    };
    project.issues.push(issue);
    return created(issueJson(project, issue));
  },
};
