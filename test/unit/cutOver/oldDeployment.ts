/** A deployment in an old cluster, and what a stack declares in its place. */
import type { Json, Manifest } from "../../../policy/manifest.ts";
import { cronJob, object, workload } from "./fakeCluster.ts";

const pod = { volumes: [{ persistentVolumeClaim: { claimName: "data" } }], containers: [{ name: "postgres" }] };

/** What runs in the old cluster: old kinds, one that the stack does not declare, and what is suspended already. */
export const before = (): readonly Json[] => [
  workload("DeploymentConfig", "packit/web", 2, {}, "apps.openshift.io/v1"),
  workload("StatefulSet", "packit/worker", 3),
  workload("DeploymentConfig", "packit/postgres-12", 1, pod, "apps.openshift.io/v1"),
  workload("Deployment", "packit/by-hand", 1),
  workload("Deployment", "packit/off", 0),
  workload("Deployment", "default/somebody", 4),
  cronJob("packit/clean"),
  cronJob("packit/paused", true),
  object("v1", "PersistentVolumeClaim", "packit/data"),
  object("v1", "PersistentVolumeClaim", "packit/redis-pvc"),
];

export const manifest = (kind: string, place: string): Manifest => {
  const [namespace = "", name = ""] = place.split("/");
  return { cluster: "new", apiVersion: "apps/v1", kind, namespace, name, body: {} };
};
export const declared = [
  ...[manifest("Deployment", "packit/web"), manifest("StatefulSet", "packit/worker")],
  ...[manifest("Deployment", "packit/postgres-16"), manifest("CronJob", "packit/clean")],
  manifest("PrometheusRule", "default/alerts"),
];
