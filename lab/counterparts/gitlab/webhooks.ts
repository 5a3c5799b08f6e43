/** Deliveries of events to the webhooks of groups, with the hook's secret token in a header, as GitLab sends it. */
import { hookedProject, userJson } from "./json.ts";
import type { Delivery, EventName, Hook, MergeRequest, Pipeline, Project, World } from "./state.ts";
import { mergeRequestUrl } from "./state.ts";

/** Deliveries kept for each webhook. */
const kept = 1000;
/** GitLab gives a receiver ten seconds. */
const patience = 10_000;

/** Sends an event, for the first time or once more, with the hook's present token. @returns the delivery, which is kept */
export async function send(
  { world, hook }: { readonly world: World; readonly hook: Hook },
  { event, body }: Pick<Delivery, "event" | "body">,
): Promise<Delivery> {
  const token: Record<string, string> = hook.token === "" ? {} : { "x-gitlab-token": hook.token };
  const headers = { "content-type": "application/json", "user-agent": "GitLab/lab", "x-gitlab-event": event, ...token };
  const at = new Date().toISOString();
  const signal = AbortSignal.timeout(patience);
  // A receiver may end in the middle of its answer.
  const { status, answer } = await fetch(hook.url, { method: "POST", headers, body, signal })
    .then(async (received) => ({ status: received.status, answer: (await received.text()).trim() }))
    .catch((error: unknown) => ({ status: 0, answer: String(error) }));
  const delivery = { id: world.id(), event, body, at, status, answer };
  hook.deliveries.push(delivery);
  if (hook.deliveries.length > kept) hook.deliveries.shift();
  return delivery;
}

/** Sends what happens in a project to the webhooks of its groups, in the order of the events; nobody waits for a delivery. */
export class Events {
  private readonly world: World;
  private last: Promise<unknown> = Promise.resolve();

  constructor(world: World) {
    this.world = world;
  }

  /** @param before - the commit that another one has replaced */
  mergeRequest(merge: MergeRequest, action: "open" | "update" | "close", by: string, before?: string): void {
    const { id, iid, title, description, state, source, target, sha } = merge;
    this.send(target, "merge_requests_events", "Merge Request Hook", {
      ...{ object_kind: "merge_request", event_type: "merge_request", user: userJson(by) },
      object_attributes: {
        ...{ id, iid, title, description, state, action, url: mergeRequestUrl(merge) },
        ...{ source_branch: merge.sourceBranch, target_branch: merge.targetBranch },
        ...{ source_project_id: source.id, target_project_id: target.id },
        ...{ source: hookedProject(source), target: hookedProject(target), last_commit: { id: sha } },
        ...(before === undefined ? {} : { oldrev: before }),
      },
    });
  }

  /** A pipeline of a merge request, which runs in the target's project. */
  pipeline(merge: MergeRequest, { id, sha, status }: Pipeline, by: string): void {
    const { iid, title, state, target, sourceBranch } = merge;
    this.send(target, "pipeline_events", "Pipeline Hook", {
      ...{ object_kind: "pipeline", user: userJson(by) },
      object_attributes: {
        ...{ id, sha, status, ref: sourceBranch, tag: false, source: "merge_request_event" },
        detailed_status: status === "success" ? "passed" : status,
      },
      merge_request: { id: merge.id, iid, title, state, url: mergeRequestUrl(merge) },
      commit: { id: sha },
    });
  }

  private send(project: Project, name: EventName, event: string, fields: object): void {
    const { world } = this;
    const hooks = world.hooks.filter(
      ({ group, events }) => project.path.startsWith(`${group}/`) && events.includes(name),
    );
    // Made at once: later events must not change what this one says.
    const body = JSON.stringify({ ...fields, project: hookedProject(project) });
    this.last = this.last.then(async () => {
      for (const hook of hooks) await send({ world, hook }, { event, body });
    });
  }
}
