/** What the tests of the lab's Kubernetes share: a namespace of their own and objects in it. */
import { after, before } from "mocha";
import { kubeApi, type KubeObject, pathOf } from "../../lab/kubernetes/api.ts";
import { eventually, lab } from "./cloud.ts";

export { KubeError, kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";

/** The API of the lab under test, as its administrator. */
export const api = kubeApi(lab);

/** Makes a namespace before the tests of a suite and deletes it with all that is in it after them. */
export function useNamespace(name: string, labels: Readonly<Record<string, string>> = {}): void {
  const path = `/api/v1/namespaces/${name}`;
  before(async () => {
    // One of an earlier run may still be ending: Kubernetes gives its pods 16 s.
    await eventually(
      `the end of an earlier namespace ${name}`,
      () => api.find(path),
      (found) => found?.metadata.deletionTimestamp === undefined,
    );
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    await eventually(
      `the service account of namespace ${name}`,
      () => api.find(`${path}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  });
  after(() => api.delete(path));
}

/** Names of the cluster's nodes. */
export async function nodeNames(): Promise<ReadonlySet<string>> {
  return new Set((await api.list("/api/v1/nodes")).map(({ metadata }) => metadata.name));
}

/** Deletes the nodes that were made for a stack since these were all. */
export async function deleteNodesBut(kept: ReadonlySet<string>): Promise<void> {
  for (const node of await nodeNames()) if (!kept.has(node)) await api.delete(`/api/v1/nodes/${node}`);
}

/** A maker of objects of one namespace. */
export const objectsOf =
  (namespace: string) =>
  (apiVersion: string, kind: string, name: string, fields: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...fields,
  });

/** Applies an object and waits until its status is accepted; returns that status. */
export async function settled<Status>(
  object: KubeObject,
  accept: (status: Status) => boolean,
  seconds = 10,
): Promise<Status> {
  await api.apply(object);
  const { status } = await eventually(
    `${object.kind} ${object.metadata.name}`,
    () => api.get<{ status?: Status }>(pathOf(object)),
    (seen) => seen.status !== undefined && accept(seen.status),
    seconds,
  );
  return status as Status;
}

/** A pod's containers; no such image is needed, as nothing runs. */
export const podSpec = { containers: [{ name: "main", image: "example.org/app:1" }] };

/** A pod template; with `fail` its pods never become ready. */
export const podTemplate = (app: string, fail = false) => ({
  metadata: { labels: { app }, annotations: fail ? { "orrery.lab/fail": "true" } : {} },
  spec: podSpec,
});
