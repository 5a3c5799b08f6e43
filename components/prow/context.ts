import type * as k8s from "@pulumi/kubernetes";
import { anywhere, pods, type Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { ProwSettings } from "./settings.ts";
import type { ConfigMaps } from "./configMaps.ts";
import type { Credentials } from "./credentials.ts";
import type { Images } from "./images.ts";
import type { Accounts } from "./accounts.ts";

/** What every part of Prow stands on. */
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

/** Nodes that run what needs no disk of its own. */
export const onWorkers = { type: "vm", zone: "ci" } as const;
/** Nodes with disks for caches. */
export const onCacheDisks = { type: "bare-metal-external", zone: "ci" } as const;

/** Keeps a pod on a tainted node. */
export function tolerates(key: string, value?: string): k8s.types.input.core.v1.Toleration {
  return value === undefined
    ? { key, operator: "Exists", effect: "NoSchedule" }
    : { key, operator: "Equal", value, effect: "NoSchedule" };
}

/** Who may call a program and whom it may call, by what it does. */
export const traffic = {
  /** Prometheus, wherever it runs. */
  metrics: { peers: [{ namespaceSelector: {} }], ports: [{ port: 9090, protocol: "TCP" }] } satisfies Traffic,
  /** The gateway that programs push their figures to each minute, as config.yaml says. */
  figures: pods({ app: "pushgateway" }, [9091]),
  /** GitHub by way of the cache, GitHub itself, Slack, Google's storage. */
  web: [pods({ app: "ghproxy" }, [8888]), anywhere(443)] as readonly Traffic[],
  /** The cluster's API server, and those of the build clusters, whose API ports are unknown. */
  api: ({ apiPorts, buildClusters }: ProwSettings, reachesBuildClusters = false): Traffic =>
    buildClusters && reachesBuildClusters ? anywhere() : anywhere(...apiPorts),
} as const;
