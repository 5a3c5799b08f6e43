/** Helpers for live tests of the lab's Kubernetes. */
import { after, before } from "mocha";
import { kubeApi, type KubeObject, pathOf } from "../../lab/kubernetes/api.ts";
import { eventually, lab } from "./cloud.ts";

export { KubeError, kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";

/** The API of the lab under test, as its administrator. */
export const api = kubeApi(lab);

/** Creates a namespace before the tests of a suite, and deletes it with its content afterwards. */
export function useNamespace(name: string, labels: Readonly<Record<string, string>> = {}): void {
  const path = `/api/v1/namespaces/${name}`;
  before(async () => {
    // The namespace of an earlier run may still be terminating: its pods have 16 s.
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

/** Deletes all nodes except `kept`. */
export async function deleteNodesExcept(kept: ReadonlySet<string>): Promise<void> {
  for (const node of await nodeNames()) if (!kept.has(node)) await api.delete(`/api/v1/nodes/${node}`);
}

/** Returns a function that builds objects of one namespace. */
export const objectsOf =
  (namespace: string) =>
  (apiVersion: string, kind: string, name: string, fields: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...fields,
  });

/** Applies an object, waits until `accept` holds for its status, and returns that. */
export async function appliedStatus<Status>(
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

/** A pod with one container, which never runs. */
export const podSpec = { containers: [{ name: "main", image: "example.org/app:1" }] };

/** A pod template; with `fail` its pods never become ready. */
export const podTemplate = (app: string, fail = false) => ({
  metadata: { labels: { app }, annotations: fail ? { "orrery.lab/fail": "true" } : {} },
  spec: podSpec,
});
