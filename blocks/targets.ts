/** The clusters and clouds of a stack: one explicit provider each. */
import type * as pulumi from "@pulumi/pulumi";
import type { ConfigOf } from "../config/define.ts";
import type { cloudsSchema, clustersSchema } from "../config/targets.ts";
import { type Cluster, connectClusters } from "./kubernetes/cluster.ts";
import { type Cloud, connectClouds } from "./openstack/cloud.ts";

/** Look-ups by name; each throws for an unknown name. */
export interface Targets {
  readonly cluster: (name: string) => Cluster;
  readonly cloud: (name: string) => Cloud;
}

/** Creates the provider of every cluster and cloud of the stack. */
export function connectTargets(
  config: {
    readonly clusters: ConfigOf<typeof clustersSchema> | undefined;
    readonly clouds: ConfigOf<typeof cloudsSchema> | undefined;
  },
  opts?: pulumi.ResourceOptions,
): Targets {
  return { cluster: connectClusters(config.clusters, opts), cloud: connectClouds(config.clouds, opts) };
}
