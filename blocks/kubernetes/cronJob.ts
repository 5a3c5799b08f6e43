import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import { overdueAlert } from "./alerts.ts";
import { metadata, dropUndefined, withManagedBy } from "./metadata.ts";
import type { RunArgs } from "./job.ts";
import { jobSpec } from "./job.ts";
import { PrometheusRule } from "./prometheusRule.ts";
import { accountFor, isPaused, workloadAnnotations } from "./workload.ts";

export interface CronJobArgs extends RunArgs {
  /** Cron expression, five fields or `@daily` and the like. */
  readonly schedule: string;
  /** null leaves the field out, for what copies the CronJob through an older API. @default "Etc/UTC" */
  readonly timeZone?: string | null;
  /** Makes no runs while true. @default false */
  readonly suspend?: boolean;
  /** @default "Forbid" */
  readonly concurrency?: "Allow" | "Forbid" | "Replace";
  /** Runs that are kept: [successful, failed]. @default Kubernetes' 3 and 1 */
  readonly history?: readonly [successful: number, failed: number];
  /** Seconds that a missed run may be late. @default 600 */
  readonly startWithinSeconds?: number;
  /** Runs in a row without a success after which Prometheus alerts. @default 3 */
  readonly alertAfterRuns?: number;
}

/**
 * A pod that runs on a schedule. Where the cluster has a Prometheus, there is an alert for runs that do not succeed.
 *
 * @example
 * const containers = [{ name: "report", image, command: ["report"], resources }] as const;
 * const run = { schedule: "0 4 * * *", deadlineSeconds: 600 };
 * new CronJob("report", { namespace, name: "report", containers, ...run }, { parent: this });
 */
export class CronJob extends Block {
  constructor(name: string, args: CronJobArgs, opts: BlockOptions) {
    super();
    const account = accountFor(name, args, opts);
    if (args.serviceAccount === undefined) this.include(account);
    const suspend = isPaused(args) || (args.suspend ?? false);
    this.make(
      new k8s.batch.v1.CronJob(
        `${name}-cron`,
        {
          metadata: metadata({ ...args, annotations: workloadAnnotations(args) }),
          spec: dropUndefined<k8s.types.input.batch.v1.CronJobSpec>({
            schedule: args.schedule,
            timeZone: args.timeZone === null ? undefined : (args.timeZone ?? "Etc/UTC"),
            suspend,
            concurrencyPolicy: args.concurrency ?? "Forbid",
            startingDeadlineSeconds: args.startWithinSeconds ?? 600,
            successfulJobsHistoryLimit: args.history?.[0],
            failedJobsHistoryLimit: args.history?.[1],
            jobTemplate: { metadata: { labels: withManagedBy(args.labels) }, spec: jobSpec(args, account) },
          }),
        },
        opts,
      ),
    );
    if (suspend) return;
    const { namespace, labels = {} } = args;
    this.include(new PrometheusRule(name, { namespace, name: args.name, labels, alerts: [overdueAlert(args)] }, opts));
  }
}
