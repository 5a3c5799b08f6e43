import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import type { ServingContainerArgs } from "./container.ts";
import { disruptionBudget, spread } from "./podDisruptionBudget.ts";
import type { NamespaceRef } from "./metadata.ts";
import { metadata, annotationsOf, dropUndefined } from "./metadata.ts";
import type { WorkloadArgs } from "./pod.ts";
import type { Workload } from "./workload.ts";
import { podTemplate, portsOf } from "./pod.ts";
import { accountFor, isPaused, workloadAnnotations } from "./workload.ts";

/** One claim a pod, made by Kubernetes and kept when the set goes; mounted with `claimTemplate(name)`. */
interface ClaimTemplate {
  /** Kubernetes quantity, e.g. "5Gi". */
  readonly size: string;
  /** @default the cluster's default class */
  readonly storageClass?: string;
  /** @default ["ReadWriteOnce"] */
  readonly accessModes?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface StatefulSetArgs extends WorkloadArgs<ServingContainerArgs> {
  /** Selector of the pods; immutable. @default `labels` */
  readonly selector?: Readonly<Record<string, string>>;
  /** @default 1 */
  readonly replicas?: number;
  /** Headless Service that names the pods. @default `name` */
  readonly serviceName?: string;
  /** Name -> claim. @default none */
  readonly claimTemplates?: Readonly<Record<string, ClaimTemplate>>;
  /** @default OrderedReady */
  readonly podManagement?: "OrderedReady" | "Parallel";
  readonly revisionHistory?: number;
  /** Pods that may be unavailable at once; with more than one replica. @default 1 */
  readonly maxUnavailable?: number | string;
  /** Of the set, whose claims depend on its identity; Kubernetes keeps the claims anyway. @default { protect: false } */
  readonly retention?: Pick<Retention, "protect">;
}

/**
 * Pods with a name and a claim of their own.
 *
 * @example
 * const claimTemplates = { data: { size: "5Gi" } };
 * const database = { name: "database", image, resources, probes, mounts: { "/data": claimTemplate("data") } };
 * new StatefulSet("database", { namespace, name: "database", claimTemplates, containers: [database] }, { parent: this });
 */
export class StatefulSet extends Block implements Workload {
  readonly namespace: NamespaceRef;
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;

  constructor(name: string, args: StatefulSetArgs, opts: BlockOptions) {
    super();
    const selector = args.selector ?? args.labels ?? {};
    const replicas = args.replicas ?? 1;
    const account = accountFor(name, args, opts);
    if (args.serviceAccount === undefined) this.include(account);
    const affinity = args.affinity ?? (replicas > 1 ? spread(selector) : undefined);
    const templates = Object.entries(args.claimTemplates ?? {}).map(([claim, template]) => toTemplate(claim, template));
    this.make(
      new k8s.apps.v1.StatefulSet(
        `${name}-set`,
        {
          metadata: metadata({ ...args, annotations: workloadAnnotations(args) }),
          spec: dropUndefined<k8s.types.input.apps.v1.StatefulSetSpec>({
            replicas: isPaused(args) ? 0 : replicas,
            serviceName: args.serviceName ?? args.name,
            podManagementPolicy: args.podManagement ?? "OrderedReady",
            updateStrategy: { type: "RollingUpdate" },
            revisionHistoryLimit: args.revisionHistory,
            selector: { matchLabels: selector },
            persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
            volumeClaimTemplates: templates.length === 0 ? undefined : templates,
            template: podTemplate({ ...args, ...(affinity === undefined ? {} : { affinity }) }, account, "Always"),
          }),
        },
        { ...opts, protect: args.retention?.protect ?? false },
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

function toTemplate(name: string, template: ClaimTemplate): k8s.types.input.core.v1.PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      // No label of ours: templates never change, and a set that is adopted would have to be made again for it.
      name,
      ...annotationsOf(template.annotations),
    },
    spec: {
      accessModes: [...(template.accessModes ?? ["ReadWriteOnce"])],
      resources: { requests: { storage: template.size } },
      ...(template.storageClass === undefined ? {} : { storageClassName: template.storageClass }),
    },
  };
}
