import type * as k8s from "@pulumi/kubernetes";

/** What kind of Kubernetes a cluster is: decides between Route and Ingress and what pods may ask for. */
export type Platform = "openshift" | "kubernetes";

/** A Kubernetes cluster that systems are deployed to; made from `clusters:settings` by config/targets.ts. */
export interface Cluster {
  readonly name: string;
  readonly platform: Platform;
  /** Domain under which the cluster's router answers, e.g. `apps.lab.test`. */
  readonly appsDomain: string;
  /** The one provider of this cluster. */
  readonly provider: k8s.Provider;
}
