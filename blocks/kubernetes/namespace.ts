import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import type { Cluster } from "./cluster.ts";
import { exceptionPrefix } from "./exceptions.ts";
import { anywhere, dns, NetworkPolicy } from "./networkPolicy.ts";
import type { NamespaceRef } from "./metadata.ts";
import { annotationsOf, withManagedBy } from "./metadata.ts";

export interface NamespaceArgs {
  readonly cluster: Cluster;
  /** Physical name. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Pod security standard that is enforced; less than restricted needs a reason. @default restricted */
  readonly podSecurity?: { readonly level: "baseline" | "privileged"; readonly reason: string };
  /** Does OpenShift build images in it? They then get out for sources, packages and registries. @default false */
  readonly builds?: boolean;
  /** Of the namespace with everything in it. @default { protect: false, retainOnDelete: false } */
  readonly retention?: Partial<Retention>;
}

/**
 * A namespace that enforces the restricted pod security standard and denies all traffic but DNS by default.
 *
 * @example
 * const retention = { protect: true };
 * const namespace = new Namespace("bots", { cluster, name: "bots", retention }, { parent: this });
 * new ServiceSecret("token", { namespace, name: "token", values }, { parent: this });
 */
export class Namespace extends Block implements NamespaceRef {
  readonly cluster: Cluster;
  readonly name: pulumi.Output<string>;
  readonly plainName: string;

  constructor(name: string, args: NamespaceArgs, opts: BlockOptions) {
    super();
    const level = args.podSecurity?.level ?? "restricted";
    const reason =
      args.podSecurity === undefined ? {} : { [`${exceptionPrefix}pod-security`]: args.podSecurity.reason };
    const namespace = this.make(
      new k8s.core.v1.Namespace(
        `${name}-namespace`,
        {
          metadata: {
            name: args.name,
            labels: withManagedBy({
              ...args.labels,
              "pod-security.kubernetes.io/enforce": level,
              "pod-security.kubernetes.io/warn": "restricted",
            }),
            ...annotationsOf({ ...args.annotations, ...reason }),
          },
        },
        { ...opts, protect: args.retention?.protect ?? false, retainOnDelete: args.retention?.retainOnDelete ?? false },
      ),
    );
    this.cluster = args.cluster;
    this.plainName = args.name;
    this.name = namespace.metadata.name;
    const ref = { cluster: args.cluster, name: this.name, plainName: args.name };
    this.include(defaultDeny(name, ref, opts));
    if (args.builds === true && args.cluster.platform === "openshift") {
      this.include(new NetworkPolicy(`${name}-builds`, { namespace: ref, name: "builds", ...buildPods }, opts));
    }
  }
}

/** Denies all traffic but DNS to every pod of a namespace until other policies allow it; for a namespace that exists already. */
export function defaultDeny(name: string, namespace: NamespaceRef, opts: BlockOptions): NetworkPolicy {
  return new NetworkPolicy(`${name}-default`, { namespace, name: "default-deny", pods: {}, egress: [dns()] }, opts);
}

/**
 * OpenShift's build pods carry this label alone. They clone over SSH or HTTP, fetch packages and images, push to the
 * internal registry, which listens on 5000, and tell the API server how it went.
 */
const buildPods = { pods: { "openshift.io/build.name": true }, egress: [anywhere(22, 80, 443, 5000, 6443)] } as const;
