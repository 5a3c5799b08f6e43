/** What Deployments, StatefulSets, Jobs and CronJobs have in common. */
import type * as pulumi from "@pulumi/pulumi";
import type { BlockOptions } from "../block.ts";
import { type ContainerArgs, exceptionsOf } from "./container.ts";
import { exceptionAnnotations } from "./exceptions.ts";
import type { NamespaceRef } from "./metadata.ts";
import type { WorkloadArgs } from "./pod.ts";
import { ServiceAccount } from "./serviceAccount.ts";

/** A workload as Services and NetworkPolicies refer to it. */
export interface Workload {
  readonly namespace: NamespaceRef;
  readonly name: string;
  /** Labels that only its pods carry. */
  readonly selector: Readonly<Record<string, string>>;
  /** Names and numbers of the ports that its containers declare. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Whether it must not act, as its cluster is paused. */
export const isPaused = (args: Pick<WorkloadArgs<ContainerArgs>, "namespace" | "whilePaused">): boolean =>
  args.namespace.cluster.paused === true && args.whilePaused !== true;

/** Annotations of the workload object: its own and the list of its exceptions. */
export function workloadAnnotations(args: WorkloadArgs<ContainerArgs>): Record<string, pulumi.Input<string>> {
  const everyone = [...args.containers, ...(args.initContainers ?? [])];
  return {
    ...args.annotations,
    // Without pods there is nothing to wait for.
    ...(isPaused(args) ? { "pulumi.com/skipAwait": "true" } : {}),
    ...exceptionAnnotations([
      ...everyone.map((container) => ({ name: container.name, exceptions: exceptionsOf(container) })),
      { name: "pod", exceptions: args.exceptions },
    ]),
  };
}

/** The workload's account: the given one, or a new one. */
export function accountFor(name: string, args: WorkloadArgs<ContainerArgs>, opts: BlockOptions): ServiceAccount {
  const { namespace, labels } = args;
  return (
    args.serviceAccount ??
    new ServiceAccount(
      `${name}-user`,
      { namespace, name: args.name, ...(labels === undefined ? {} : { labels }) },
      opts,
    )
  );
}
