import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { ExternalService } from "../../blocks/kubernetes/externalService.ts";
import { existingNamespace } from "../../blocks/kubernetes/metadata.ts";
import { PrometheusRule } from "../../blocks/kubernetes/prometheusRule.ts";
import { ServiceMonitor } from "../../blocks/kubernetes/serviceMonitor.ts";
import { hubAlerts } from "./alerts.ts";
import { metricsPort } from "./guest/nodeExporter.ts";

export interface HubMonitorsArgs {
  readonly cluster: Cluster;
  /** Namespace that exists; its monitors may collect from outside the cluster. */
  readonly namespace: string;
  /** Addresses of the hubs by the name of their environment. */
  readonly hubs: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Where a cluster's Prometheus finds the hubs, which are outside it, and the alerts on them.
 * @throws RunError if the cluster's settings name no Prometheus
 */
export class HubMonitors extends pulumi.ComponentResource {
  constructor(
    name: string,
    { cluster, namespace: plainName, hubs }: HubMonitorsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    if (cluster.monitoring === undefined) {
      const where = `callysto:settings.monitoring.cluster is "${cluster.name}"`;
      throw new pulumi.RunError(
        `${where}, but clusters:settings.${cluster.name}.monitoring names no Prometheus; add it`,
      );
    }
    super("orrery:callysto:HubMonitors", name, {}, { ...opts, providers: [cluster.provider] });
    const namespace = existingNamespace(cluster, plainName);
    const labels = { app: "callysto-hub" };
    for (const [hub, address] of Object.entries(hubs)) {
      const object = { namespace, name: `callysto-${hub}`, labels: { ...labels, hub } };
      new ExternalService(`${name}-${hub}`, { ...object, address, ports: { metrics: metricsPort } }, { parent: this });
    }
    const object = { namespace, name: "callysto-hubs", labels };
    const monitor = { ...object, services: labels, port: "metrics", targetLabels: ["hub"], jobLabel: "app" };
    new ServiceMonitor(name, monitor, { parent: this });
    new PrometheusRule(name, { ...object, alerts: hubAlerts(labels.app) }, { parent: this });
    this.registerOutputs({});
  }
}
