/** Objects as Kubernetes answers them, cut to what is read. */
import type { Manifest } from "../../../policy/manifest.ts";
import type { LiveObject } from "../../../ops/lib/status/clusterReader.ts";
import type { DeclaredObject } from "../../../ops/lib/status/situation.ts";

export const now = new Date("2026-11-23T12:00:00Z");

/** A declared object of Packit in namespace `packit-prod`. */
export function declared(kind: string, name: string, body: object = {}): DeclaredObject {
  const apiVersion =
    { Deployment: "apps/v1", StatefulSet: "apps/v1", CronJob: "batch/v1", Job: "batch/v1" }[kind] ?? "v1";
  const manifest: Manifest = { cluster: "online", apiVersion, kind, namespace: "packit-prod", name, body: { ...body } };
  return { system: "packit", manifest };
}

/** A live object in the same namespace. */
export function live(kind: string, name: string, rest: object = {}, metadata: object = {}): LiveObject {
  return { apiVersion: "v1", kind, metadata: { name, namespace: "packit-prod", ...metadata }, ...rest };
}

/** A pod of the workload `packit-worker` with one container. */
export function workerPod(status: object, container: object = {}): LiveObject {
  const containerStatuses = [{ name: "worker", ready: false, restartCount: 0, state: {}, ...container }];
  return live(
    "Pod",
    "packit-worker-0",
    { status: { phase: "Pending", containerStatuses, ...status } },
    { labels: { app: "packit-worker" }, creationTimestamp: "2026-11-20T12:00:00Z" },
  );
}

/** The StatefulSet of that pod. */
export function workerSet(status: object, replicas = 1): LiveObject {
  const counts = { observedGeneration: 3, updatedReplicas: replicas, readyReplicas: replicas, ...status };
  const spec = { replicas, selector: { matchLabels: { app: "packit-worker" } } };
  return live("StatefulSet", "packit-worker", { spec, status: counts }, { generation: 3 });
}
