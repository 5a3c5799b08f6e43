import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import { metadata, type ObjectArgs } from "./metadata.ts";

export interface PodMonitorArgs extends ObjectArgs {
  /** Labels of the pods; of several values any. */
  readonly pods: Readonly<Record<string, string | readonly string[]>>;
  /** Name of the container port that serves the metrics. */
  readonly port: string;
  /** @default "/metrics" */
  readonly path?: string;
}

/**
 * Lets the cluster's Prometheus collect from pods; nothing where `clusters:settings` name none. Its series have the job
 * `<namespace>/<name>`, as prometheus-operator@v0.93.0 pkg/prometheus/promcfg.go:1634 has it.
 *
 * @example
 * new PodMonitor("web", { namespace, name: "web", pods: { app: "web" }, port: "metrics" }, { parent: this });
 */
export class PodMonitor extends Block {
  constructor(name: string, args: PodMonitorArgs, opts: BlockOptions) {
    super();
    const metadata = monitoringMetadata(args);
    if (metadata === undefined) return;
    const matchExpressions = Object.entries(args.pods).map(([key, value]) => {
      return { key, operator: "In", values: [value].flat() };
    });
    const spec = {
      selector: { matchExpressions },
      podMetricsEndpoints: [{ port: args.port, path: args.path ?? "/metrics" }],
    };
    this.make(
      new k8s.apiextensions.CustomResource(
        `${name}-pod-monitor`,
        { apiVersion: "monitoring.coreos.com/v1", kind: "PodMonitor", metadata, spec },
        opts,
      ),
    );
  }
}

/** Metadata of what a Prometheus selects by its labels; undefined where the cluster has none. */
export function monitoringMetadata(args: ObjectArgs): ReturnType<typeof metadata> | undefined {
  const { monitoring } = args.namespace.cluster;
  return monitoring === undefined ? undefined : metadata({ ...args, labels: { ...args.labels, ...monitoring.labels } });
}
