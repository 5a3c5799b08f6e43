/** Merge requests with their notes and pipelines. */
import { setTimeout as sleep } from "node:timers/promises";
import { created, missing, ok, optional, Refusal, text } from "../forge/routes.ts";
import { mergeRequestJson, noteJson } from "./json.ts";
import { type Call, mergeRequestOf, ownProject, type Routes } from "./routes.ts";
import { type MergeRequest, namespaceOf, type Note, type Pipeline } from "./state.ts";

/** Milliseconds that a pipeline takes. */
const duration = 2000;
/** What CentOS Stream's pipelines look for first: the bug that a change resolves. */
const bug = /^Resolves: bz#\d+$/m;

async function finish({ events, user }: Call, merge: MergeRequest, pipeline: Pipeline): Promise<void> {
  await sleep(duration);
  pipeline.status = bug.test(merge.description) ? "success" : "failed";
  events.pipeline(merge, pipeline, user);
}

export const mergeRequests: Routes = {
  "POST /projects/:project/merge_requests": async (call) => {
    const source = ownProject(call);
    const { target_project_id: wanted = source.id } = call.body as { readonly target_project_id?: number };
    const target = call.world.project(String(wanted));
    if (target === undefined) throw missing("target project");
    const branches = { sourceBranch: text(call, "source_branch"), targetBranch: text(call, "target_branch") };
    const merge: MergeRequest = {
      ...{ id: call.world.id(), iid: call.world.id(), author: call.user, state: "opened", notes: [] },
      ...{
        title: text(call, "title"),
        description: optional(call, "description"),
        source,
        target,
        ...branches,
        sha: "",
      },
    };
    await call.world.refreshed(merge);
    if (merge.sha === "") throw new Refusal(400, `there is no branch ${branches.sourceBranch}`);
    target.mergeRequests.push(merge);
    call.events.mergeRequest(merge, "open", call.user);
    return created(mergeRequestJson(merge));
  },
  "GET /projects/:project/merge_requests/:iid": async (call) => ok(mergeRequestJson(await mergeRequestOf(call))),
  "PUT /projects/:project/merge_requests/:iid": async (call) => {
    const merge = await mergeRequestOf(call);
    const { world, user, events } = call;
    if (merge.author !== user && !world.owns(user, namespaceOf(merge.target.path)))
      throw new Refusal(403, "403 Forbidden");
    merge.title = optional(call, "title", merge.title);
    merge.description = optional(call, "description", merge.description);
    const closes = call.body.state_event === "close" && merge.state === "opened";
    if (closes) merge.state = "closed";
    events.mergeRequest(merge, closes ? "close" : "update", user);
    return ok(mergeRequestJson(merge));
  },
  "GET /projects/:project/merge_requests/:iid/notes": async (call) =>
    ok((await mergeRequestOf(call)).notes.map(noteJson)),
  "POST /projects/:project/merge_requests/:iid/notes": async (call) => {
    const at = new Date().toISOString();
    const note: Note = { id: call.world.id(), author: call.user, body: text(call, "body"), created: at };
    (await mergeRequestOf(call)).notes.push(note);
    return created(noteJson(note));
  },
  /** "Run pipeline" of somebody who may: it runs in the target's project, and nothing runs in it but the look for a bug. */
  "POST /projects/:project/merge_requests/:iid/pipelines": async (call) => {
    const project = ownProject(call);
    const merge = await mergeRequestOf(call);
    const pipeline: Pipeline = { id: call.world.id(), sha: merge.sha, status: "running" };
    project.pipelines.push(pipeline);
    call.events.pipeline(merge, pipeline, call.user);
    void finish(call, merge, pipeline);
    return created(pipeline);
  },
};
