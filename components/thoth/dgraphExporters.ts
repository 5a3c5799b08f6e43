import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../kubernetes/deployment.ts";
import { Exposure } from "../kubernetes/exposure.ts";
import { field } from "../kubernetes/container.ts";
import { ImageStream } from "../kubernetes/imageStream.ts";
import type { Place } from "../kubernetes/place.ts";
import type { Workload } from "../kubernetes/pod.ts";
import { tcp } from "../kubernetes/probe.ts";
import { Service } from "../kubernetes/service.ts";
import type { DgraphSettings } from "./configDgraph.ts";
import { replicas } from "./dgraphFlags.ts";
import { images } from "./images.ts";

/** What {@link DgraphExporters} need. */
export interface DgraphExportersArgs {
  readonly place: Place;
  readonly settings: DgraphSettings;
  readonly zero: Workload;
  readonly alpha: Workload;
}

const aggregator = { app: "dgraph", component: "prometheus-aggregate-exporter" };

/** Metrics: one Service a server, and a program that collects from all of them. */
export class DgraphExporters extends pulumi.ComponentResource {
  constructor(name: string, args: DgraphExportersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:DgraphExporters", name, {}, opts);
    const { place, settings } = args;
    const targets = [
      ...this.exporters(name, args.alpha, settings.alphas, 8080, "https"),
      ...this.exporters(name, args.zero, replicas, 6080, "http"),
    ];
    const stream = { latest: { from: images.aggregateExporter } };
    new ImageStream(
      `${name}-image`,
      { place, name: "aggregate-exporter", labels: aggregator, tags: stream },
      { parent: this },
    );
    const object = { place, name: "prometheus-aggregate-exporter", labels: aggregator };
    const deployment = new Deployment(
      `${name}-aggregator`,
      {
        ...object,
        revisionHistory: 2,
        containers: [
          {
            name: "aggregate-exporter",
            image: images.aggregateExporter,
            env: {
              POD_NAMESPACE: field("metadata.namespace"),
              SERVER_BIND: "0.0.0.0:8080",
              TARGETS: targets.join(","),
              // The certificate names no exporter Service.
              INSECURE_SKIP_VERIFY: "True",
              VERBOSE: "True",
            },
            // A container port's name must have a letter; the Service's keeps the old one.
            ports: { metrics: 8080 },
            resources: { cpu: "250m", memory: ["128Mi", "512Mi"] },
            probes: { readiness: tcp(8080), liveness: tcp(8080, { delay: 30, period: 30 }) },
          },
        ],
      },
      { parent: this },
    );
    const service = new Service(
      `${name}-aggregator-service`,
      { ...object, of: deployment, ports: { "8080-8080": { port: 8080 } } },
      { parent: this },
    );
    new Exposure(`${name}-aggregator-route`, { ...object, service, port: "8080-8080" }, { parent: this });
    this.registerOutputs({});
  }

  /** A Service for each pod of a StatefulSet; returns where their metrics are. */
  private exporters(name: string, of: Workload, count: number, target: number, scheme: string): readonly string[] {
    return Array.from({ length: count }, (_, ordinal) => {
      const pod = `${of.name}-${ordinal}`;
      const service = new Service(
        `${name}-${pod}`,
        {
          place: of.place,
          name: `prometheus-exporter-${pod}`,
          labels: { app: "dgraph", component: "prometheus-exporter" },
          of: { selector: { "statefulset.kubernetes.io/pod-name": pod } },
          ports: { metrics: { port: 8080, target } },
        },
        { parent: this },
      );
      return `${service.url("metrics", scheme)}/debug/prometheus_metrics`;
    });
  }
}
