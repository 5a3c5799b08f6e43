import * as pulumi from "@pulumi/pulumi";
import { pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { all, bucket, buildClusters, config, flags, github, graphql, jobs, plugins, slack } from "./flags.ts";
import { type Ground, traffic } from "./context.ts";
import { clones, Part, running } from "./component.ts";

/** What {@link Controllers} need. */
export interface ControllersArgs {
  readonly ground: Ground;
}

const metrics = { metrics: 9090 };
const metricsService = { ports: { metrics: { port: 9090 } } };

/** The programs that nobody calls: they turn ProwJobs into pods, start periodics, report, merge and clean up. */
export class Controllers extends pulumi.ComponentResource {
  constructor(name: string, args: ControllersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Controllers", name, {}, opts);
    const { ground } = args;
    const { accounts, settings } = ground;
    const watched = { ports: metrics, service: metricsService, from: [traffic.metrics] };

    new Part(
      `${name}-prow-controller-manager`,
      {
        ground,
        name: "prow-controller-manager",
        account: accounts.of("prow-controller-manager"),
        ...watched,
        ...all(
          flags("--dry-run=false"),
          config(ground),
          flags("--enable-controller=plank"),
          jobs(ground),
          buildClusters(ground),
        ),
        resources: { cpu: "1", memory: "1Gi" },
        to: [traffic.api(settings, true), traffic.figures],
      },
      { parent: this },
    );
    new Part(
      `${name}-horologium`,
      {
        ground,
        name: "horologium",
        account: accounts.of("horologium"),
        ...watched,
        ...all(config(ground), jobs(ground), flags("--dry-run=false")),
        // Two of them would start every periodic twice.
        strategy: "Recreate",
        probes: running,
        to: [traffic.api(settings), traffic.figures],
      },
      { parent: this },
    );
    new Part(
      `${name}-sinker`,
      {
        ground,
        name: "sinker",
        account: accounts.of("sinker"),
        ...watched,
        ...all(buildClusters(ground), config(ground), jobs(ground), flags("--dry-run=false")),
        resources: { cpu: "1", memory: "1Gi" },
        probes: running,
        to: [traffic.api(settings, true), traffic.figures],
      },
      { parent: this },
    );
    new Part(
      `${name}-crier`,
      {
        ground,
        name: "crier",
        account: accounts.of("crier"),
        ...watched,
        ...all(
          flags("--blob-storage-workers=1"),
          config(ground),
          bucket(ground),
          github(ground),
          flags("--github-workers=5"),
          jobs(ground),
          buildClusters(ground),
          flags("--kubernetes-blob-storage-workers=1"),
          slack(ground),
          flags("--slack-workers=1"),
        ),
        probes: running,
        to: [...traffic.web, traffic.api(settings, true), traffic.figures],
      },
      { parent: this },
    );
    this.reporters(name, ground);
    this.registerOutputs({});
  }

  /** The two that compare GitHub's state with the jobs. */
  private reporters(name: string, ground: Ground): void {
    const { accounts, settings } = ground;
    new Part(
      `${name}-statusreconciler`,
      {
        ground,
        name: "statusreconciler",
        account: accounts.of("statusreconciler"),
        ...all(
          flags("--dry-run=false", "--continue-on-error=true"),
          plugins(ground, "flag"),
          config(ground),
          github(ground),
          jobs(ground),
          flags("--denylist=kubernetes/kubernetes"),
        ),
        graceSeconds: 180,
        probes: running,
        to: [...traffic.web, traffic.api(settings)],
      },
      { parent: this },
    );
    new Part(
      `${name}-tide`,
      {
        ground,
        name: "tide",
        account: accounts.of("tide"),
        ...all(flags("--dry-run=false"), github(ground), graphql(ground), config(ground), jobs(ground)),
        ports: { http: 8888, metrics: 9090 },
        service: { ports: { main: { port: 80, target: 8888 }, metrics: { port: 9090 } } },
        // Two of them would merge each other's pools.
        strategy: "Recreate",
        probes: running,
        scratch: clones,
        from: [traffic.metrics, pods({ app: "deck" }, [8888])],
        to: [...traffic.web, traffic.api(settings), traffic.figures],
      },
      { parent: this },
    );
  }
}
