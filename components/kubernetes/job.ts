import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "./container.ts";
import { metadata, present } from "./place.ts";
import type { WorkloadArgs } from "./pod.ts";
import { podTemplate, workloadAnnotations } from "./pod.ts";
import { accountFor } from "./workload.ts";

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

/** What a {@link Job} needs. */
export type JobArgs = RunArgs;

/** A pod that runs once; a change of the program runs it again under the same name. */
export class Job extends pulumi.ComponentResource {
  constructor(name: string, args: JobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:kubernetes:Job", name, {}, opts);
    new k8s.batch.v1.Job(
      `${name}-job`,
      {
        metadata: metadata({ ...args, annotations: workloadAnnotations(args) }),
        spec: jobSpec(name, args, this),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.registerOutputs({});
  }
}

/** The spec that Jobs and CronJobs share; makes the service account when none was given. */
export function jobSpec(name: string, args: RunArgs, parent: pulumi.Resource): k8s.types.input.batch.v1.JobSpec {
  return present<k8s.types.input.batch.v1.JobSpec>({
    activeDeadlineSeconds: args.deadlineSeconds,
    backoffLimit: args.retries ?? 0,
    ttlSecondsAfterFinished: args.removeAfterSeconds,
    template: podTemplate(args, accountFor(name, args, parent), args.restart ?? "Never"),
  });
}
