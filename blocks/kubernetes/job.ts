import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { ContainerArgs } from "./container.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { WorkloadArgs } from "./pod.ts";
import { podTemplate } from "./pod.ts";
import type { ServiceAccount } from "./serviceAccount.ts";
import { accountFor, isPaused, workloadAnnotations } from "./workload.ts";

/** One run of a pod, alone or as a CronJob makes it. */
export interface RunArgs extends WorkloadArgs<ContainerArgs> {
  /** Seconds after which the run is killed; every job has an end. */
  readonly deadlineSeconds: number;
  /** Retries after the first failure. @default 0 */
  readonly retries?: number;
  /** @default "Never" */
  readonly restart?: "Never" | "OnFailure";
  /** Seconds until a finished run is removed; for CronJobs, as a vanished Job looks like drift. @default never */
  readonly removeAfterSeconds?: number;
}

export type JobArgs = RunArgs;

/**
 * A pod that runs once; a change of the program runs it again under the same name.
 *
 * @example
 * const containers = [{ name: "migrate", image, command: ["migrate"], resources }] as const;
 * const job = new Job("migrate", { namespace, name: "migrate", deadlineSeconds: 600, containers }, { parent: this });
 * new Deployment("web", args, { parent: this, dependsOn: [...job.resources] });
 */
export class Job extends Block {
  constructor(name: string, args: JobArgs, opts: BlockOptions) {
    super();
    const account = accountFor(name, args, opts);
    if (args.serviceAccount === undefined) this.include(account);
    this.make(
      new k8s.batch.v1.Job(
        `${name}-job`,
        {
          metadata: metadata({ ...args, annotations: workloadAnnotations(args) }),
          spec: { ...jobSpec(args, account), ...(isPaused(args) ? { suspend: true } : {}) },
        },
        { ...opts, deleteBeforeReplace: true },
      ),
    );
  }
}

/** The spec that Jobs and CronJobs share. */
export function jobSpec(args: RunArgs, account: ServiceAccount): k8s.types.input.batch.v1.JobSpec {
  return dropUndefined<k8s.types.input.batch.v1.JobSpec>({
    activeDeadlineSeconds: args.deadlineSeconds,
    backoffLimit: args.retries ?? 0,
    ttlSecondsAfterFinished: args.removeAfterSeconds,
    template: podTemplate(args, account, args.restart ?? "Never"),
  });
}
