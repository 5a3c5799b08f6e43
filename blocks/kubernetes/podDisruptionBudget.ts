import * as k8s from "@pulumi/kubernetes";
import type { BlockOptions } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata } from "./metadata.ts";

export interface DisruptionBudgetArgs extends ObjectArgs {
  readonly selector: Readonly<Record<string, string>>;
  readonly maxUnavailable: number | string;
}

/** How many pods of a workload a node drain may evict at once. */
export function disruptionBudget(
  name: string,
  args: DisruptionBudgetArgs,
  opts: BlockOptions,
): k8s.policy.v1.PodDisruptionBudget {
  const { namespace, labels } = args;
  return new k8s.policy.v1.PodDisruptionBudget(
    `${name}-budget`,
    {
      metadata: metadata({ namespace, name: args.name, ...(labels === undefined ? {} : { labels }) }),
      spec: { maxUnavailable: args.maxUnavailable, selector: { matchLabels: args.selector } },
    },
    opts,
  );
}

/** Pods of one workload prefer different nodes. */
export function spread(selector: Readonly<Record<string, string>>): k8s.types.input.core.v1.Affinity {
  const podAffinityTerm = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { ...selector } } };
  return {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}
