import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { all, config, flags, github, jobs, type ContainerInputs } from "./flags.ts";
import { type ProwContext, onWorkers, traffic } from "./context.ts";
import { named } from "./names.ts";
import { imageOf, nobody, resourcesOf } from "./component.ts";

interface Periodic {
  readonly name: "branch-protector" | "label-sync-kubevirt" | "label-sync-nmstate";
  readonly app: string;
  /** Cron expression in UTC. */
  readonly schedule: string;
  readonly inputs: ContainerInputs;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** CronJobs that apply branch protection and labels to GitHub. */
export class Periodics extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Periodics", name, {}, opts);
    this.every(name, context, {
      name: "branch-protector",
      app: "branchprotector",
      schedule: "54 * * * *",
      inputs: all(config(context), jobs(context), flags("--confirm"), github(context)),
    });
    for (const [org, scope] of [
      ["kubevirt", "--orgs=kubevirt"],
      ["nmstate", "--only=nmstate/kubernetes-nmstate"],
    ] as const) {
      this.every(name, context, {
        name: `label-sync-${org}`,
        app: "label-sync",
        schedule: "17 23 * * *",
        inputs: all(
          {
            ...flags("--config=/etc/config/labels.yaml"),
            mounts: { "/etc/config": context.configMaps.mount("label-config") },
          },
          flags("--confirm=true", scope),
          github(context),
        ),
        nodeSelector: onWorkers,
      });
    }
    for (const app of ["branchprotector", "label-sync"]) {
      const { namespace, settings } = context;
      new NetworkPolicy(
        `${name}-${app}`,
        { namespace, name: named(settings, app), labels: { app }, pods: { app }, egress: traffic.web },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }

  private every(
    name: string,
    context: ProwContext,
    { name: own, app, schedule, inputs, nodeSelector }: Periodic,
  ): void {
    const { namespace, settings, images } = context;
    new CronJob(
      `${name}-${own}`,
      {
        namespace,
        name: named(settings, own),
        labels: { app },
        schedule,
        suspend: settings.suspendCronJobs,
        // The next run repeats everything, so a run over half an hour counts as failed.
        deadlineSeconds: 1800,
        runAs: nobody,
        ...(nodeSelector === undefined ? {} : { nodeSelector }),
        containers: [
          {
            name: own,
            image: images[imageOf(own)],
            ...(app === "label-sync" ? { command: ["/ko-app/label_sync"] } : {}),
            ...inputs,
            resources: resourcesOf(settings, own),
          },
        ],
      },
      { parent: this },
    );
  }
}
