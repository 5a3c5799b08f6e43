import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { ServingContainerArgs } from "./container.ts";
import { disruptionBudget, spread } from "./podDisruptionBudget.ts";
import type { NamespaceRef } from "./metadata.ts";
import { imageTriggers } from "./imageTriggers.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { WorkloadArgs } from "./pod.ts";
import type { Workload } from "./workload.ts";
import { podTemplate, portsOf } from "./pod.ts";
import { accountFor, isPaused, workloadAnnotations } from "./workload.ts";

export interface DeploymentArgs extends WorkloadArgs<ServingContainerArgs> {
  /** Selector of the pods; immutable. @default `labels` */
  readonly selector?: Readonly<Record<string, string>>;
  /** More than one also gets a PodDisruptionBudget and spreads over nodes. @default 1 */
  readonly replicas?: number;
  /** @default RollingUpdate, 25 % each */
  readonly strategy?:
    "Recreate" | "RollingUpdate" | { readonly maxSurge: string | number; readonly maxUnavailable: string | number };
  /** @default Kubernetes' 10 */
  readonly revisionHistory?: number;
  /** Pods that may be unavailable at once; with more than one replica. @default 1 */
  readonly maxUnavailable?: number | string;
}

/**
 * Pods that keep running and are replaced when the program changes.
 *
 * @example
 * const probes = { readiness: http("/health", 8080), liveness: tcp(8080) };
 * const web = { name: "web", image, ports: { http: 8080 }, resources, probes };
 * new Deployment("web", { namespace, name: "web", labels: { app: "web" }, containers: [web] }, { parent: this });
 */
export class Deployment extends Block implements Workload {
  readonly namespace: NamespaceRef;
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;

  constructor(name: string, args: DeploymentArgs, opts: BlockOptions) {
    super();
    const selector = args.selector ?? args.labels ?? {};
    const replicas = args.replicas ?? 1;
    const account = accountFor(name, args, opts);
    if (args.serviceAccount === undefined) this.include(account);
    const built = imageTriggers(args);
    const affinity = args.affinity ?? (replicas > 1 ? spread(selector) : undefined);
    this.make(
      new k8s.apps.v1.Deployment(
        `${name}-deployment`,
        {
          metadata: metadata({ ...args, annotations: { ...workloadAnnotations(args), ...built.annotations } }),
          spec: dropUndefined<k8s.types.input.apps.v1.DeploymentSpec>({
            replicas: isPaused(args) ? 0 : replicas,
            revisionHistoryLimit: args.revisionHistory,
            strategy: toStrategy(args.strategy),
            selector: { matchLabels: selector },
            template: podTemplate({ ...args, ...(affinity === undefined ? {} : { affinity }) }, account, "Always"),
          }),
        },
        built.ignoreChanges.length === 0 ? opts : { ...opts, ignoreChanges: [...built.ignoreChanges] },
      ),
    );
    if (replicas > 1) {
      this.make(disruptionBudget(name, { ...args, selector, maxUnavailable: args.maxUnavailable ?? 1 }, opts));
    }
    this.namespace = args.namespace;
    this.name = args.name;
    this.selector = selector;
    this.ports = portsOf(args);
  }
}

function toStrategy(strategy: DeploymentArgs["strategy"]): k8s.types.input.apps.v1.DeploymentStrategy | undefined {
  if (strategy === undefined || typeof strategy === "string") {
    return strategy === undefined ? undefined : { type: strategy };
  }
  return { type: "RollingUpdate", rollingUpdate: { ...strategy } };
}
