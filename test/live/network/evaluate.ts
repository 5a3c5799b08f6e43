/** What NetworkPolicies mean, written from the API's definition and independent of the lab's and the contracts' readers. */
import { BlockList, isIPv6 } from "node:net";

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}
type Labels = Readonly<Record<string, string>>;
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}
export interface Policy {
  readonly cluster: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  };
}

export type Protocol = "TCP" | "UDP";

/** A pod, or an address of the world if it has no namespace. */
export interface Endpoint {
  readonly name: string;
  readonly cluster: string;
  readonly namespace?: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly ports: readonly { readonly name?: string; readonly containerPort: number }[];
  /** Of either family. */
  readonly address: string;
}

/**
 * Whether policies let a connection pass, or a datagram.
 *
 * @param blocksMeanPods - whether an `ipBlock` also selects pods by their addresses, which Kubernetes leaves to the network plugin
 */
export function allowed(
  policies: readonly Policy[],
  from: Endpoint,
  to: Endpoint,
  port: number,
  blocksMeanPods: boolean,
  protocol: Protocol = "TCP",
): boolean {
  const rules = (pod: Endpoint, type: "Ingress" | "Egress"): readonly Policy[] | undefined => {
    if (pod.namespace === undefined) return undefined;
    const found = policies.filter(
      ({ cluster, metadata, spec }) =>
        cluster === pod.cluster &&
        metadata.namespace === pod.namespace &&
        typesOf(spec).includes(type) &&
        selects(spec.podSelector ?? {}, pod.labels),
    );
    return found.length === 0 ? undefined : found;
  };
  const passes = (
    policy: Policy,
    peers: readonly Peer[] | undefined,
    ports: readonly Port[] | undefined,
    other: Endpoint,
  ): boolean =>
    portFits(ports, to, port, protocol) &&
    (peers === undefined ||
      peers.length === 0 ||
      peers.some((peer) => peerFits(peer, policy.metadata.namespace, other, blocksMeanPods)));
  const out = rules(from, "Egress");
  const into = rules(to, "Ingress");
  return (
    (out?.some((one) => (one.spec.egress ?? []).some((rule) => passes(one, rule.to, rule.ports, to))) ?? true) &&
    (into?.some((one) => (one.spec.ingress ?? []).some((rule) => passes(one, rule.from, rule.ports, from))) ?? true)
  );
}

/** Without `policyTypes` a policy is for ingress, and for egress if it has such rules. */
function typesOf({ policyTypes, egress }: Policy["spec"]): readonly string[] {
  return policyTypes ?? (egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]);
}

function portFits(ports: readonly Port[] | undefined, receiver: Endpoint, asked: number, wanted: Protocol): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(({ protocol = "TCP", port, endPort }) => {
    if (protocol !== wanted) return false;
    if (port === undefined) return true;
    if (typeof port === "number") return asked >= port && asked <= (endPort ?? port);
    return receiver.ports.some(({ name, containerPort }) => name === port && containerPort === asked);
  });
}

function peerFits(peer: Peer, own: string, other: Endpoint, blocksMeanPods: boolean): boolean {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) {
    if (other.namespace !== undefined && !blocksMeanPods) return false;
    return within(other.address, ipBlock.cidr) && !(ipBlock.except ?? []).some((range) => within(other.address, range));
  }
  if (other.namespace === undefined) return false;
  const there =
    namespaceSelector === undefined ? other.namespace === own : selects(namespaceSelector, other.namespaceLabels);
  return there && selects(podSelector ?? {}, other.labels);
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === "In" ? listed : !listed;
    })
  );
}

/** Whether an address is in a range; never in one of the other family. */
function within(address: string, cidr: string): boolean {
  const [base = "", bits = ""] = cidr.split("/");
  const range = new BlockList();
  range.addSubnet(base, Number(bits), familyOf(base));
  return familyOf(address) === familyOf(base) && range.check(address, familyOf(address));
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");
