import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../../../blocks/kubernetes/publicEndpoint.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import type { Workload } from "../../../blocks/kubernetes/workload.ts";
import { PodMonitor } from "../../../blocks/kubernetes/podMonitor.ts";
import { soon, tcp } from "../../../blocks/kubernetes/probe.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import type { DgraphContext } from "./context.ts";
import { replicas, tlsFolder } from "./flags.ts";
import { images } from "../images.ts";

export interface DgraphExportersArgs {
  readonly context: DgraphContext;
  readonly zero: Workload;
  readonly alpha: Workload;
}

const aggregator = { app: "dgraph", component: "prometheus-aggregate-exporter" };

/** Metrics: one Service a server, and a program that collects from all of them. */
export class DgraphExporters extends pulumi.ComponentResource {
  constructor(name: string, args: DgraphExportersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:DgraphExporters", name, {}, opts);
    const { namespace, settings, secret } = args.context;
    const domain = `${args.alpha.name}.${namespace.plainName}.svc.cluster.local`;
    this.exporters(name, args.alpha, settings.alphas, 8080);
    const targets = [
      // The certificate names the pods, not their exporter Services.
      ...Array.from(
        { length: settings.alphas },
        (_, ordinal) => `https://${args.alpha.name}-${ordinal}.${domain}:8080`,
      ),
      ...this.exporters(name, args.zero, replicas, 6080),
    ].map((target) => `${target}/debug/prometheus_metrics`);
    const stream = { latest: { from: images.aggregateExporter } };
    new ImageStream(
      `${name}-image`,
      { namespace, name: "aggregate-exporter", labels: aggregator, tags: stream },
      { parent: this },
    );
    const object = { namespace, name: "prometheus-aggregate-exporter", labels: aggregator };
    const deployment = new Deployment(
      `${name}-aggregator`,
      {
        ...object,
        revisionHistory: 2,
        // The image names no user.
        runAs: { user: 10001, group: 10001 },
        containers: [
          {
            name: "aggregate-exporter",
            image: images.aggregateExporter,
            env: {
              SERVER_BIND: "0.0.0.0:8080",
              TARGETS: targets.join(","),
              // Go's own variable: the data servers' certificate is of the stack's authority.
              SSL_CERT_FILE: `${tlsFolder}/ca.crt`,
              VERBOSE: "True",
            },
            mounts: { [tlsFolder]: secret.mount({ items: { "ca.crt": "ca.crt" } }) },
            // A container port's name must have a letter; the Service's keeps the old one.
            ports: { metrics: 8080 },
            resources: { cpu: "250m", memory: ["128Mi", "512Mi"] },
            probes: { readiness: tcp(8080, soon), liveness: tcp(8080, { delay: 30, period: 30 }) },
          },
        ],
      },
      { parent: this },
    );
    new PodMonitor(`${name}-aggregator`, { ...object, pods: aggregator, port: "metrics" }, { parent: this });
    const service = new Service(
      `${name}-aggregator-service`,
      { ...object, of: deployment, ports: { "8080-8080": { port: 8080 } } },
      { parent: this },
    );
    new PublicEndpoint(`${name}-aggregator-route`, { ...object, service, port: "8080-8080" }, { parent: this });
    this.registerOutputs({});
  }

  /** A Service for each pod of a StatefulSet, for collecting its metrics; returns their addresses. */
  private exporters(name: string, of: Workload, count: number, target: number): readonly string[] {
    return Array.from({ length: count }, (_, ordinal) => {
      const pod = `${of.name}-${ordinal}`;
      const service = new Service(
        `${name}-${pod}`,
        {
          namespace: of.namespace,
          name: `prometheus-exporter-${pod}`,
          labels: { app: "dgraph", component: "prometheus-exporter" },
          of: { selector: { "statefulset.kubernetes.io/pod-name": pod } },
          ports: { metrics: { port: 8080, target } },
        },
        { parent: this },
      );
      return service.url("metrics");
    });
  }
}
