import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { Cluster } from "./cluster.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata } from "./metadata.ts";

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Port = k8s.types.input.networking.v1.NetworkPolicyPort;

/** Every namespace carries its name in this label. */
const namespaceLabel = "kubernetes.io/metadata.name";

/** Peers and ports of a rule; made by the functions below. */
export interface Traffic {
  /** Empty: any. */
  readonly peers: readonly Peer[];
  /** Empty: all. */
  readonly ports: readonly Port[];
}

export interface NetworkPolicyArgs extends ObjectArgs {
  /** Labels of the selected pods, `true` for any value; `{}` selects every pod of the namespace. */
  readonly pods: Readonly<Record<string, string | true>>;
  /** Allowed sources. @default none */
  readonly ingress?: readonly Traffic[];
  /** Allowed destinations. @default none */
  readonly egress?: readonly Traffic[];
}

/**
 * Allowed traffic of pods in both directions; policies add up.
 *
 * @example
 * const ingress = [router(cluster, 8080)];
 * const egress = [dns(), pods({ app: "database" }, [5432])];
 * new NetworkPolicy("web", { namespace, name: "web", pods: { app: "web" }, ingress, egress }, { parent: this });
 */
export class NetworkPolicy extends Block {
  constructor(name: string, args: NetworkPolicyArgs, opts: BlockOptions) {
    super();
    this.make(
      new k8s.networking.v1.NetworkPolicy(
        `${name}-policy`,
        {
          metadata: metadata(args),
          spec: {
            podSelector: toSelector(args.pods),
            policyTypes: ["Ingress", "Egress"],
            ingress: (args.ingress ?? []).map(({ peers, ports }) => ({ from: [...peers], ports: [...ports] })),
            egress: (args.egress ?? []).map(({ peers, ports }) => ({ to: [...peers], ports: [...ports] })),
          },
        },
        opts,
      ),
    );
  }
}

const anyAddress = [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }];

/** Any address outside or inside, on these TCP ports. @throws if there is none */
export function anywhere(...ports: readonly (number | string)[]): Traffic {
  return { peers: anyAddress, ports: portsOf(ports) };
}

/** Any address outside or inside, on all TCP ports. */
export function anywhereOnAnyPort(): Traffic {
  return { peers: anyAddress, ports: [{ protocol: "TCP" }] };
}

/** Everybody and everything, pods on clusters whose `ipBlock` leaves them out included. */
export function everything(): Traffic {
  return { peers: [], ports: [] };
}

/** Any address outside or inside, on these UDP ports. @throws if there is none */
export function anywhereUdp(...ports: readonly number[]): Traffic {
  return { peers: anyAddress, ports: portsOf(ports, "UDP") };
}

/** Any IPv4 address but those of the given ranges, on any port. */
export function internet(except: readonly string[]): Traffic {
  return { peers: [{ ipBlock: { cidr: "0.0.0.0/0", except: [...except] } }], ports: [] };
}

/** Pods with these labels, in this namespace unless another one is named, on these TCP ports. @throws if there is none */
export function pods(
  labels: Readonly<Record<string, string>>,
  ports: readonly (number | string)[],
  namespaceName?: string,
): Traffic {
  const podSelector = Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
  const namespace =
    namespaceName === undefined ? {} : { namespaceSelector: { matchLabels: { [namespaceLabel]: namespaceName } } };
  return { peers: [{ podSelector, ...namespace }], ports: portsOf(ports) };
}

/** Pods with these labels in this namespace, on any port: members of one group. */
export function podsOnAnyPort(labels: Readonly<Record<string, string>>): Traffic {
  return { peers: [{ podSelector: { matchLabels: labels } }], ports: [] };
}

/** The cluster's router or ingress controller; any peer where the cluster's settings do not say whence it calls. */
export function router(cluster: Cluster, ...ports: readonly (number | string)[]): Traffic {
  // A router on its nodes' network comes from the other label: docs of OpenShift 4, "Allow from router on host network".
  const labels = [
    { "network.openshift.io/policy-group": "ingress" },
    { "policy-group.network.openshift.io/host-network": "" },
  ];
  const { namespace, ranges = [] } = cluster.ingress ?? {};
  const selected =
    cluster.platform === "openshift" ? labels : namespace === undefined ? [] : [{ [namespaceLabel]: namespace }];
  const peers = selected.map((matchLabels) => ({ namespaceSelector: { matchLabels } }));
  return { peers: [...peers, ...ranges.map((cidr) => ({ ipBlock: { cidr } }))], ports: portsOf(ports) };
}

/** The Prometheus of the cluster's settings; no traffic where they name none. */
export function prometheus({ monitoring }: Cluster, ...ports: readonly (number | string)[]): readonly Traffic[] {
  return monitoring === undefined ? [] : [pods({}, ports, monitoring.namespace)];
}

/** Name servers, wherever they run; 5353 is where OpenShift's listen behind their Service. */
export function dns(): Traffic {
  const ports = [53, 5353].flatMap((port) => ["UDP", "TCP"].map((protocol) => ({ port, protocol })));
  return { peers: [{ namespaceSelector: {} }], ports };
}

/** The cluster's API server, whose addresses differ from cluster to cluster. */
export function apiServer(): Traffic {
  return anywhere(443, 6443);
}

function toSelector(labels: NetworkPolicyArgs["pods"]): k8s.types.input.meta.v1.LabelSelector {
  const entries = Object.entries(labels);
  const equal = entries.filter((entry): entry is [string, string] => entry[1] !== true);
  const there = entries.filter(([, value]) => value === true).map(([key]) => ({ key, operator: "Exists" }));
  return {
    ...(equal.length === 0 ? {} : { matchLabels: Object.fromEntries(equal) }),
    ...(there.length === 0 ? {} : { matchExpressions: there }),
  };
}

/** @throws if there is none, as Kubernetes takes an empty list for all ports */
function portsOf(ports: readonly (number | string)[], protocol = "TCP"): Port[] {
  if (ports.length === 0) throw new Error("a network policy's rule names no port, which would open all of them");
  return ports.map((port) => ({ port, protocol }));
}
