import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import { monitoringMetadata } from "./podMonitor.ts";
import type { ObjectArgs } from "./metadata.ts";

export interface ServiceMonitorArgs extends ObjectArgs {
  /** Labels of the Services. */
  readonly services: Readonly<Record<string, string>>;
  /** Name of the Services' port. */
  readonly port: string;
  /** @default "/metrics" */
  readonly path?: string;
  /** Labels of a Service that its series get. @default none */
  readonly targetLabels?: readonly string[];
  /** Label of a Service whose value its series have as `job`. @default the Service's name */
  readonly jobLabel?: string;
}

/**
 * Lets the cluster's Prometheus collect from what is behind Services; nothing where `clusters:settings` name none.
 *
 * @example
 * new ServiceMonitor("hubs", { namespace, name: "hubs", services: { app: "hub" }, port: "metrics" }, { parent: this });
 */
export class ServiceMonitor extends Block {
  constructor(name: string, args: ServiceMonitorArgs, opts: BlockOptions) {
    super();
    const metadata = monitoringMetadata(args);
    if (metadata === undefined) return;
    const spec = {
      selector: { matchLabels: args.services },
      endpoints: [{ port: args.port, path: args.path ?? "/metrics" }],
      ...(args.targetLabels === undefined ? {} : { targetLabels: [...args.targetLabels] }),
      ...(args.jobLabel === undefined ? {} : { jobLabel: args.jobLabel }),
    };
    this.make(
      new k8s.apiextensions.CustomResource(
        `${name}-service-monitor`,
        { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata, spec },
        opts,
      ),
    );
  }
}
