import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ConfigOf } from "../../config/define.ts";
import { type clustersSchema, targetNamed } from "../../config/targets.ts";

/** Kind of cluster: decides between Route and Ingress and which security settings pods may have. */
export type Platform = "openshift" | "kubernetes";

/** A Kubernetes cluster that systems are deployed to; made from `clusters:settings`. */
export interface Cluster {
  readonly name: string;
  readonly platform: Platform;
  /** Domain under which the cluster's router answers, e.g. `apps.lab.test`. */
  readonly appsDomain: string;
  /** Where the ingress controller's calls come from; nothing: unknown, and OpenShift's router is known by its labels. */
  readonly ingress?:
    { readonly namespace?: string | undefined; readonly ranges?: readonly string[] | undefined } | undefined;
  /** The Prometheus that selects monitors and rules by these labels; nothing: the cluster has not its kinds. */
  readonly monitoring?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } | undefined;
  /** Workloads are declared without pods, CronJobs and Jobs suspended. @default false */
  readonly paused?: boolean | undefined;
  /** The one provider of this cluster. */
  readonly provider: k8s.Provider;
}

/** The clusters that the stack names, each with its one provider; returns a look-up by name. */
export function connectClusters(
  config: ConfigOf<typeof clustersSchema> | undefined,
  opts?: pulumi.ResourceOptions,
): (cluster: string) => Cluster {
  const clusters = new Map<string, Cluster>();
  for (const [cluster, settings] of Object.entries(config?.settings ?? {})) {
    const { platform, appsDomain, serverSideApply, ingress, monitoring, paused } = settings;
    const provider = new k8s.Provider(
      cluster,
      {
        kubeconfig: config?.keyedSecrets.kubeconfigs[cluster] ?? "",
        // Without it a new address or token in the kubeconfig would replace every resource of the cluster.
        clusterIdentifier: cluster,
        enableServerSideApply: serverSideApply,
        // The objects' names are fixed, so a changed one must be updated in place.
        enableConfigMapMutable: true,
        enableSecretMutable: true,
        // At the provider's own 50 a second the limit is the brake: twice the time for a destroy of Thoth.
        kubeClientSettings: { qps: 200, burst: 400 },
        // The SDK would take these from the shell's environment.
        deleteUnreachable: false,
        skipUpdateUnreachable: false,
        suppressDeprecationWarnings: false,
        suppressHelmHookWarnings: true,
      },
      opts,
    );
    clusters.set(cluster, { name: cluster, platform, appsDomain, ingress, monitoring, paused, provider });
  }
  return (cluster) => targetNamed(clusters.get(cluster), "cluster", cluster);
}
