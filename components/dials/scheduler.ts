import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { NetworkPolicy, prometheus } from "../../blocks/kubernetes/networkPolicy.ts";
import { PodMonitor } from "../../blocks/kubernetes/podMonitor.ts";
import { http, tcp, soon } from "../../blocks/kubernetes/probe.ts";
import type { EtlEnvironment } from "./etlEnvironment.ts";
import { etlPods, type DialsContext, labels, podLabels, selector } from "./context.ts";

/** Arguments of {@link Scheduler} and {@link Flower}. */
export interface EtlServiceArgs {
  readonly context: DialsContext;
  readonly environment: EtlEnvironment;
}

/** RedBeat: puts the hourly indexing into its queue. */
export class Scheduler extends pulumi.ComponentResource {
  constructor(name: string, args: EtlServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Scheduler", name, {}, opts);
    const { envFrom, mounts } = args.environment.ofAll();
    new Deployment(
      name,
      {
        ...etlService(args.context, "common-redbeat"),
        // A second one would wait for the first one's lock.
        strategy: "Recreate",
        containers: [
          {
            name: "common-redbeat",
            image: args.context.images.etl,
            command: ["celery", "--app=python", "beat", "--loglevel=INFO", "--scheduler", "redbeat.RedBeatScheduler"],
            envFrom,
            mounts,
            resources: { cpu: ["50m", "500m"], memory: ["256Mi", "1024Mi"] },
            probes: { none: "beat listens on nothing and answers nobody; it exits when it cannot go on" },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Flower: monitors and controls the workers; reached by port-forward only, and by Prometheus. */
export class Flower extends pulumi.ComponentResource {
  constructor(name: string, args: EtlServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Flower", name, {}, opts);
    const { envFrom, mounts, podAnnotations } = args.environment.of([]);
    new Deployment(
      name,
      {
        ...etlService(args.context, "flower"),
        podAnnotations,
        containers: [
          {
            name: "flower",
            image: args.context.images.etl,
            command: ["celery", "--app=python", "flower", "--purge_offline_workers=120"],
            envFrom,
            mounts,
            ports: { flower: 5555 },
            resources: { cpu: ["50m", "500m"], memory: ["256Mi", "1024Mi"] },
            probes: {
              readiness: http("/healthcheck", "flower", soon),
              liveness: tcp("flower", { delay: 30 }),
            },
          },
        ],
      },
      { parent: this },
    );
    const { namespace } = args.context;
    const object = { namespace, name: "flower", pods: selector("flower") };
    const ingress = prometheus(namespace.cluster, 5555);
    if (ingress.length > 0) new NetworkPolicy(name, { ...object, ingress }, { parent: this });
    new PodMonitor(name, { ...object, port: "flower" }, { parent: this });
    this.registerOutputs({});
  }
}

/** What the ETL's common services share; neither uses EOS. */
function etlService({ namespace, settings, account }: DialsContext, name: string) {
  return {
    namespace,
    name,
    labels: labels(namespace, name, "common-etl", "python"),
    podLabels: { ...podLabels(name), ...etlPods },
    selector: selector(name),
    serviceAccount: account,
    replicas: settings.etl.paused ? 0 : 1,
    runAs: { user: 1000, fsGroup: 1000 },
  };
}
