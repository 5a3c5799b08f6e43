import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { Alert } from "./alerts.ts";
import { monitoringMetadata } from "./podMonitor.ts";
import type { ObjectArgs } from "./metadata.ts";

export interface PrometheusRuleArgs extends ObjectArgs {
  readonly alerts: readonly Alert[];
}

/**
 * Alerts that the cluster's Prometheus evaluates; nothing where `clusters:settings` name none, or without alerts.
 *
 * @example
 * new PrometheusRule("web", { namespace, name: "web", alerts: workloadAlerts(namespace) }, { parent: this });
 */
export class PrometheusRule extends Block {
  constructor(name: string, args: PrometheusRuleArgs, opts: BlockOptions) {
    super();
    const metadata = monitoringMetadata(args);
    if (metadata === undefined || args.alerts.length === 0) return;
    const rules = args.alerts.map(({ name: alert, expr, for: held, severity, summary }) => ({
      ...{ alert, expr, for: held, labels: { severity }, annotations: { summary } },
    }));
    const spec = { groups: [{ name: args.name, rules }] };
    this.make(
      new k8s.apiextensions.CustomResource(
        `${name}-rules`,
        { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata, spec },
        opts,
      ),
    );
  }
}
