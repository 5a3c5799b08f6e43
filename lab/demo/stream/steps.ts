/** What happens around one merge request of Stream's, seen from outside. */
import { createHmac } from "node:crypto";
import type { Run } from "../../pulumi.ts";
import {
  groupHook,
  type Issue,
  issues,
  type MergeRequest,
  mergeRequest,
  notes,
  propose,
  runPipeline,
  statuses,
} from "../gitlab.ts";
import { ask } from "../outside.ts";
import { type Task, taskOf } from "../packit/steps.ts";
import { until } from "../until.ts";
import { branch, groups, projects, type StreamAtWork } from "./deploy.ts";

export const address = ({ hosts }: StreamAtWork): string => `https://${hosts.service}/api/webhooks/gitlab`;

/** The task that a new merge request sets off. */
export const opened = "merge request: open";

/** The subject of a merge request's tasks. */
export const subjectOf = ({ web_url: url }: MergeRequest): string => url.replace("https://gitlab.com/", "");

/** A change of hello.txt that bob proposes to source-git. */
export const proposeHello = ({ bob }: StreamAtWork, description: string): Promise<MergeRequest> =>
  propose(bob, {
    ...{ to: projects.source, branch, title: `Hello at ${new Date().toISOString()}`, description },
    files: { "hello.txt": `hello at ${Date.now()}\n` },
  });

/** Registers the webhook of source-git without a secret token, and learns the group's from the service's issue. */
export async function offeredToken({ log }: Run, stream: StreamAtWork): Promise<string> {
  const { alice } = stream;
  const hook = { url: address(stream), events: ["merge_requests_events"], token: "" };
  await groupHook(alice, groups.source, hook);
  const offer = async (): Promise<Issue> => {
    await proposeHello(stream, "");
    return until("the confidential issue with the webhook's token", 90, async () =>
      (await issues(alice, projects.source)).find(
        ({ title, confidential }) => confidential && title.startsWith("Packit"),
      ),
    );
  };
  // The service opens the issue once, while it refuses a webhook, and tries no second time: on a busy machine GitLab was seen out of its reach then.
  const issue = await offer().catch((error: unknown) => {
    log(`${error instanceof Error ? error.message : String(error)}: bob proposes again`);
    return offer();
  });
  const claimsOf = (token: string): object =>
    JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as object;
  const offered = issue.description.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? [];
  const found = offered.find((token) => !("repo_name" in claimsOf(token)));
  if (found === undefined) throw new Error(`the issue has no token for the group: ${issue.description}`);
  return found;
}

/** A webhook's token as the service signs it. */
export function signedToken(claims: object, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Delivers an event of a project to the service. @returns the status of its answer */
export async function deliver({ lab }: Run, stream: StreamAtWork, token: string, project: string): Promise<number> {
  const git = `https://gitlab.com/${project}`;
  const body = JSON.stringify({ object_kind: "push", project: { web_url: git, git_http_url: `${git}.git` } });
  const headers = { "content-type": "application/json", "x-gitlab-event": "Push Hook", "x-gitlab-token": token };
  return (await ask(lab, address(stream), { method: "POST", headers, body })).status;
}

/** Gives the webhooks of both groups their tokens. */
export async function connect(stream: StreamAtWork, source: string, dist: string): Promise<void> {
  const { alice } = stream;
  const url = address(stream);
  await groupHook(alice, groups.source, { url, events: ["merge_requests_events"], token: source });
  await groupHook(alice, groups.dist, { url, events: ["pipeline_events"], token: dist });
}

/** What became of a merge request to source-git. */
export interface Synchronised {
  readonly source: MergeRequest;
  readonly dist: MergeRequest;
  /** The task that took the webhook, and the one that worked. */
  readonly event: Task;
  readonly work: Task;
}

/** A merge request to source-git, until dist-git has its own. @throws naming the hop that did not happen */
export async function synchronise({ lab }: Run, stream: StreamAtWork, description: string): Promise<Synchronised> {
  const source = await proposeHello(stream, description);
  const subject = subjectOf(source);
  const event = await taskOf(lab, stream, { source: "gitlab", event_type: "Merge Request Hook", subject });
  const work = await taskOf(lab, stream, { source: "hardly", event_type: opened, subject }, 240);
  const [, iid] = /\/-\/merge_requests\/(\d+)$/.exec(work.output) ?? [];
  if (iid === undefined) throw new Error(`${subject}: ${work.output}`);
  const { id } = await stream.alice.get<{ id: number }>(`/projects/${encodeURIComponent(projects.dist)}`);
  const dist = await stream.alice.get<MergeRequest>(`/projects/${id}/merge_requests/${iid}`);
  return { source, dist, event, work };
}

/** A pipeline of the dist-git merge request that its maintainer runs, until the source-git one shows its outcome. */
export async function checked({ alice }: StreamAtWork, { source, dist }: Synchronised): Promise<string> {
  const id = await runPipeline(alice, dist);
  const status = await until("the pipeline's outcome at source-git", 120, async () => {
    const all = await statuses(alice, await mergeRequest(alice, source));
    return all.find(({ target_url: url, status: now }) => url.endsWith(`/pipelines/${id}`) && now !== "running");
  });
  return `${status.name}: ${status.status}`;
}

/** The newest note at a merge request that has the words. @throws if there is none in time */
export const noteWith = ({ alice }: StreamAtWork, merge: MergeRequest, words: string): Promise<string> =>
  until(`a note "${words}" at ${merge.web_url}`, 120, async () =>
    (await notes(alice, merge)).findLast((note) => note.includes(words)),
  );
