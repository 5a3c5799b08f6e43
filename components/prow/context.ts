import type * as k8s from "@pulumi/kubernetes";
import { anywhere, anywhereOnAnyPort, pods, type Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { ProwSettings } from "./settings.ts";
import type { ConfigMaps } from "./configMaps.ts";
import type { Credentials } from "./credentials.ts";
import type { Images } from "./images.ts";
import type { Accounts } from "./accounts.ts";

/** What every component of Prow builds on. */
export interface ProwContext {
  readonly settings: ProwSettings;
  /** Namespace of Prow's own programs. */
  readonly namespace: NamespaceRef;
  /** Namespace of ProwJobs and of the jobs' pods. */
  readonly jobs: NamespaceRef;
  readonly images: Images;
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly configMaps: ConfigMaps;
}

/** Nodes for programs without a local disk. */
export const onWorkers = { type: "vm", zone: "ci" } as const;
/** Nodes with cache disks. */
export const onCacheDisks = { type: "bare-metal-external", zone: "ci" } as const;

/** Toleration of a taint. */
export function tolerates(key: string, value?: string): k8s.types.input.core.v1.Toleration {
  return value === undefined
    ? { key, operator: "Exists", effect: "NoSchedule" }
    : { key, operator: "Equal", value, effect: "NoSchedule" };
}

/** Ingress and egress of the programs, by purpose. */
export const traffic = {
  /** Prometheus, wherever it runs. */
  metrics: { peers: [{ namespaceSelector: {} }], ports: [{ port: 9090, protocol: "TCP" }] } satisfies Traffic,
  /** The gateway that programs push metrics to every minute, see config.yaml. */
  pushgateway: pods({ app: "pushgateway" }, [9091]),
  /** GitHub through the cache, GitHub itself, Slack, Google Cloud Storage. */
  web: [pods({ app: "ghproxy" }, [8888]), anywhere(443)] as readonly Traffic[],
  /** The cluster's API server, and those of the build clusters, whose API ports are unknown. */
  api: ({ apiPorts, buildClusters }: ProwSettings, reachesBuildClusters = false): Traffic =>
    buildClusters && reachesBuildClusters ? anywhereOnAnyPort() : anywhere(...apiPorts),
} as const;
