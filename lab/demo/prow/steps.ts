/** What happens around one change of a repository, seen from outside: GitHub, the bucket, and the cluster's ProwJobs. */
import { createHmac } from "node:crypto";
import type { KubeApi, KubeObject } from "../../kubernetes/api.ts";
import type { LabSettings } from "../../settings.ts";
import type { PullRequest } from "../github.ts";
import { ask, type Person } from "../outside.ts";
import type { ProwAtWork } from "./deploy.ts";

/** The repository of the demonstration, and its job. */
export const repository = "kubevirt/kubevirtci";
export const job = "check-greeting";

export interface ProwJob extends KubeObject {
  readonly spec: {
    readonly job: string;
    readonly type: string;
    readonly refs?: { readonly pulls?: readonly { number: number; sha: string }[] };
  };
  readonly status: { readonly state?: string; readonly url?: string; readonly build_id?: string };
}

export const comment = (person: Person, number: number, body: string, name = repository): Promise<unknown> =>
  person.call("POST", `/repos/${name}/issues/${number}/comments`, { body });

export const pullRequest = ({ alice }: ProwAtWork, number: number, name = repository): Promise<PullRequest> =>
  alice.get(`/repos/${name}/pulls/${number}`);

/** ProwJobs of a pull request, newest last; all of a job without one. */
export async function prowJobs(
  api: KubeApi,
  { namespaces }: ProwAtWork,
  wanted: { readonly job: string; readonly number?: number },
): Promise<readonly ProwJob[]> {
  const all = await api.list<ProwJob>(`/apis/prow.k8s.io/v1/namespaces/${namespaces.jobs}/prowjobs`);
  return all
    .filter(({ spec }) => spec.job === wanted.job)
    .filter(({ spec }) => wanted.number === undefined || spec.refs?.pulls?.[0]?.number === wanted.number)
    .toSorted((a, b) => String(a.metadata.creationTimestamp).localeCompare(String(b.metadata.creationTimestamp)));
}

/** Names of the objects of a folder in the bucket, without the folder. */
export async function objectsBelow(
  lab: LabSettings,
  { bucket }: ProwAtWork,
  folder: string,
): Promise<readonly string[]> {
  const query = new URLSearchParams({ prefix: folder });
  const { body } = await ask(lab, `https://storage.googleapis.com/storage/v1/b/${bucket}/o?${query.toString()}`);
  const { items = [] } = JSON.parse(body) as { items?: readonly { name: string }[] };
  return items.map(({ name }) => name.slice(folder.length));
}

/** Text of an object of the bucket. */
export async function objectText(lab: LabSettings, { bucket }: ProwAtWork, name: string): Promise<string> {
  return (await ask(lab, `https://storage.googleapis.com/${bucket}/${name}`)).body;
}

/** Folder of a presubmit's run in the bucket. */
export const folderOf = (number: number, buildId: string, name = job): string =>
  `pr-logs/pull/${repository.replace("/", "_")}/${number}/${name}/${buildId}/`;

/** Delivers a webhook that somebody else than GitHub signs. @returns the status of Prow's answer */
export async function forge(lab: LabSettings, { hosts }: ProwAtWork, secret: string, body: string): Promise<number> {
  const signature = `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`;
  const headers = {
    "content-type": "application/json",
    ...{ "x-github-event": "issue_comment", "x-github-delivery": "forged", "x-hub-signature": signature },
  };
  return (await ask(lab, `https://${hosts.hook}/hook`, { method: "POST", headers, body })).status;
}
