import * as pulumi from "@pulumi/pulumi";
import { anywhere, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { PodMonitor } from "../../blocks/kubernetes/podMonitor.ts";
import { PrometheusRule } from "../../blocks/kubernetes/prometheusRule.ts";
import { http, tcp, soon } from "../../blocks/kubernetes/probe.ts";
import { prowAlerts, serving } from "./alerts.ts";
import { all, config, jobs } from "./flags.ts";
import { type ProwContext, traffic } from "./context.ts";
import { ProwComponent } from "./component.ts";
import { named } from "./names.ts";

/** Metrics of jobs for Prometheus: the exporter, and the gateway that short-lived programs push to. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Monitoring", name, {}, opts);
    const { settings, accounts, configMaps } = context;
    new ProwComponent(
      `${name}-exporter`,
      {
        context,
        name: "exporter",
        account: accounts.of("exporter"),
        ...all(config(context), jobs(context)),
        strategy: "Recreate",
        nodeSelector: { type: "vm", zone: "ci" },
        ports: { metrics: 9090 },
        probes: {
          liveness: http("/healthz", 8081, { delay: 10, period: 30, timeout: 15 }),
          readiness: http("/healthz/ready", 8081, { ...soon, timeout: 15 }),
        },
        resources: { cpu: "100m", memory: "500Mi" },
        ingress: [traffic.metrics],
        egress: [traffic.api(settings), traffic.pushgateway],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-pushgateway`,
      {
        context,
        name: "pushgateway",
        ports: { http: 9091 },
        // This version knows no /-/ready.
        probes: { readiness: http("/status", "http", soon), liveness: tcp("http") },
        resources: { cpu: "1", memory: "1Gi" },
        service: { ports: { http: { port: 80, target: 9091 } }, nodePort: true },
        // Periodics push what they find.
        ingress: [pods({}, [9091]), pods({}, [9091], settings.namespaces.jobs)],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-pushgateway-proxy`,
      {
        context,
        name: "pushgateway-proxy",
        mounts: { "/etc/nginx": configMaps.mount("pushgateway-proxy-config") },
        runAs: { user: 101, group: 101, fsGroup: 101 },
        ports: { http: 8081 },
        probes: { readiness: tcp("http", soon) },
        service: { name: "pushgateway-external", ports: { http: { port: 80, target: 8081 } }, nodePort: true },
        // Public: the proxy forwards GET only.
        ingress: [anywhere(8081)],
        egress: [traffic.pushgateway],
      },
      { parent: this },
    );
    const object = { namespace: context.namespace, name: named(settings, "prow") };
    new PodMonitor(name, { ...object, pods: { app: serving }, port: "metrics" }, { parent: this });
    // kubernetes/test-infra@f448e59d greenhouse/main.go:83-91: the one path that it knows.
    const greenhouse = { ...object, name: named(settings, "greenhouse"), pods: { app: "greenhouse" }, port: "metrics" };
    new PodMonitor(`${name}-greenhouse`, { ...greenhouse, path: "/prometheus" }, { parent: this });
    const alerts = prowAlerts(context.namespace, object.name, greenhouse.name);
    new PrometheusRule(name, { ...object, alerts }, { parent: this });
    this.registerOutputs({});
  }
}
