export { prowJobCrd } from "./crd/index.ts";

/** Everything of Prow that has pods, by the name of its Deployment or CronJob without the environment's prefix. */
export const workloads = [
  "prow-controller-manager",
  "horologium",
  "sinker",
  "crier",
  "statusreconciler",
  "tide",
  "deck",
  "hook",
  "ghproxy",
  "needs-rebase",
  "cherrypicker",
  "release-blocker",
  "rehearse",
  "exporter",
  "pushgateway",
  "pushgateway-proxy",
  "gcsweb",
  "greenhouse",
  "docker-mirror",
  "docker-mirror-proxy",
  "branch-protector",
  "label-sync-kubevirt",
  "label-sync-nmstate",
] as const;

export type WorkloadName = (typeof workloads)[number];
