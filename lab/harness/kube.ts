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

/** A container that waits for its end, as a program does that serves. */
export const container = { name: "main", image: "docker.io/library/busybox:1", command: ["sleep", "1000000"] };

/** A pod with one container; it ends at once when it is asked to. */
export const podSpec = { terminationGracePeriodSeconds: 0, containers: [container] };

/** The same for a Job: its container ends with this code. */
export const jobSpec = (code = 0) => ({
  restartPolicy: "Never",
  containers: [{ ...container, command: ["sh", "-c", `exit ${code}`] }],
});

/** A pod template. */
export const podTemplate = (app: string, spec: object = podSpec) => ({ metadata: { labels: { app } }, spec });
