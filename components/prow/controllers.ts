import * as pulumi from "@pulumi/pulumi";
import { pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { all, bucket, buildClusters, config, flags, github, graphql, jobs, plugins, slack } from "./flags.ts";
import { type ProwContext, traffic } from "./context.ts";
import { clones, ProwComponent, running } from "./component.ts";

const metrics = { metrics: 9090 };
const metricsService = { ports: { metrics: { port: 9090 } } };

/** Programs without callers: they turn ProwJobs into pods, start periodics, report, merge and clean up. */
export class Controllers extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Controllers", name, {}, opts);
    const { accounts, settings } = context;
    const watched = { ports: metrics, service: metricsService, ingress: [traffic.metrics] };

    new ProwComponent(
      `${name}-prow-controller-manager`,
      {
        context,
        name: "prow-controller-manager",
        account: accounts.of("prow-controller-manager"),
        ...watched,
        ...all(
          flags("--dry-run=false"),
          config(context),
          flags("--enable-controller=plank"),
          jobs(context),
          buildClusters(context),
        ),
        resources: { cpu: "1", memory: "1Gi" },
        egress: [traffic.api(settings, true), traffic.pushgateway],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-horologium`,
      {
        context,
        name: "horologium",
        account: accounts.of("horologium"),
        ...watched,
        ...all(config(context), jobs(context), flags("--dry-run=false")),
        // Two of them would start every periodic twice.
        strategy: "Recreate",
        probes: running,
        egress: [traffic.api(settings), traffic.pushgateway],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-sinker`,
      {
        context,
        name: "sinker",
        account: accounts.of("sinker"),
        ...watched,
        ...all(buildClusters(context), config(context), jobs(context), flags("--dry-run=false")),
        resources: { cpu: "1", memory: "1Gi" },
        probes: running,
        egress: [traffic.api(settings, true), traffic.pushgateway],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-crier`,
      {
        context,
        name: "crier",
        account: accounts.of("crier"),
        ...watched,
        ...all(
          flags("--blob-storage-workers=1"),
          config(context),
          bucket(context),
          github(context),
          flags("--github-workers=5"),
          jobs(context),
          buildClusters(context),
          flags("--kubernetes-blob-storage-workers=1"),
          slack(context),
          flags("--slack-workers=1"),
        ),
        probes: running,
        egress: [...traffic.web, traffic.api(settings, true), traffic.pushgateway],
      },
      { parent: this },
    );
    this.reporters(name, context);
    this.registerOutputs({});
  }

  /** The two that compare GitHub's state with the jobs. */
  private reporters(name: string, context: ProwContext): void {
    const { accounts, settings } = context;
    new ProwComponent(
      `${name}-statusreconciler`,
      {
        context,
        name: "statusreconciler",
        account: accounts.of("statusreconciler"),
        ...all(
          flags("--dry-run=false", "--continue-on-error=true"),
          plugins(context, "flag"),
          config(context),
          github(context),
          jobs(context),
          flags("--denylist=kubernetes/kubernetes"),
        ),
        graceSeconds: 180,
        probes: running,
        egress: [...traffic.web, traffic.api(settings)],
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-tide`,
      {
        context,
        name: "tide",
        account: accounts.of("tide"),
        ...all(flags("--dry-run=false"), github(context), graphql(context), config(context), jobs(context)),
        ports: { http: 8888, metrics: 9090 },
        service: { ports: { main: { port: 80, target: 8888 }, metrics: { port: 9090 } } },
        // Two of them would merge each other's pools.
        strategy: "Recreate",
        probes: running,
        scratch: clones,
        ingress: [traffic.metrics, pods({ app: "deck" }, [8888])],
        egress: [...traffic.web, traffic.api(settings), traffic.pushgateway],
      },
      { parent: this },
    );
  }
}
