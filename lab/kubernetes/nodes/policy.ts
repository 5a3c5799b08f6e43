/** The nft rules that enforce a cluster's NetworkPolicies on one node, over IPv4 and IPv6. */
import type { KubeObject } from "../api.ts";
import { type LabelSelector, selects } from "./selector.ts";

export interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly ports?: readonly ContainerPort[] }[];
    readonly initContainers?: readonly { readonly ports?: readonly ContainerPort[]; readonly restartPolicy?: string }[];
  };
  readonly status: { readonly podIPs?: readonly { readonly ip: string }[]; readonly phase?: string };
}

interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  };
}

interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

/** What the rules follow from. */
export interface PolicyInputs {
  readonly pods: readonly Pod[];
  readonly namespaces: readonly KubeObject[];
  readonly policies: readonly NetworkPolicy[];
  /** Where the API server listens; policies mean it by 6443, its port on other clusters behind the Service. @default 6443 */
  readonly apiPort?: number;
}

/** Rules of one direction of a pod; undefined if no policy isolates it in that direction. */
type Rules = readonly string[] | undefined;

/**
 * The whole table, which nft replaces in one transaction. A packet must be allowed by its sender's chain and by its receiver's:
 * what a chain allows returns from it, the rest is dropped. The kubelet's probes come from the node and are not judged.
 */
export function ruleset(inputs: PolicyInputs, node: string): string {
  const own = inputs.pods
    .filter((pod) => pod.spec.nodeName === node && addressesOf(pod).length > 0)
    .sort((a, b) => (addressesOf(a)[0] ?? "").localeCompare(addressesOf(b)[0] ?? ""));
  const judged = own.map((pod) => ({
    addresses: addressesOf(pod),
    to: ingressRules(pod, inputs),
    from: egressRules(pod, inputs),
  }));
  const chains = judged.flatMap(({ addresses: [address = ""], to, from }) => [
    ...chain("to", address, to),
    ...chain("from", address, from),
  ]);
  const dispatch = (direction: "to" | "from"): string[] => {
    const isolated = judged.filter((pod) => pod[direction] !== undefined);
    const key = direction === "to" ? "daddr" : "saddr";
    return families.flatMap(({ protocol, has }) => {
      const verdicts = isolated.flatMap(({ addresses }) =>
        addresses.filter(has).map((one) => `${one} : jump ${chainName(direction, addresses[0] ?? "")}`),
      );
      return verdicts.length === 0 ? [] : [`    ${protocol} ${key} vmap { ${verdicts.join(", ")} }`];
    });
  };
  const hook = (name: string, rules: readonly string[]): string[] => [
    `  chain ${name} {`,
    `    type filter hook ${name} priority filter`,
    "    ct state established,related accept",
    ...rules,
    "  }",
  ];
  const table = "table inet orrery_policy";
  return [
    table,
    `delete ${table}`,
    `${table} {`,
    ...chains,
    ...hook("forward", [...dispatch("from"), ...dispatch("to")]),
    // To what the node itself offers: the API server. Without these pods do not find their node's address of IPv6.
    ...hook("input", ["    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept", ...dispatch("from")]),
    "}",
    "",
  ].join("\n");
}

/** nft's names of the families, and whether an address or range is one of theirs. */
const families = [
  { protocol: "ip", has: (address: string) => !address.includes(":") },
  { protocol: "ip6", has: (address: string) => address.includes(":") },
] as const;

/** @param address - the pod's first */
const chainName = (direction: string, address: string): string => `${direction}_${address.replace(/[.:]/g, "_")}`;

function chain(direction: string, address: string, rules: Rules): string[] {
  if (rules === undefined) return [];
  const lines = [...new Set(rules)].sort().map((rule) => `    ${rule} return`.replace(/ +return$/, " return"));
  return [`  chain ${chainName(direction, address)} {`, ...lines, "    drop", "  }"];
}

function ingressRules(pod: Pod, inputs: PolicyInputs): Rules {
  const policies = isolating(pod, inputs.policies, "Ingress");
  if (policies.length === 0) return undefined;
  return policies.flatMap(({ metadata, spec }) =>
    (spec.ingress ?? []).flatMap(({ from, ports }) => {
      const matches = portMatches(ports, pod);
      return peers(from, metadata.namespace ?? "", inputs).flatMap(({ blocks, pods }) => {
        const sources = [...blocks.map(blockMatch("saddr")), ...addressMatch("saddr", pods)];
        return combine(from === undefined || from.length === 0 ? [""] : sources, matches);
      });
    }),
  );
}

function egressRules(pod: Pod, inputs: PolicyInputs): Rules {
  const policies = isolating(pod, inputs.policies, "Egress");
  if (policies.length === 0) return undefined;
  return policies.flatMap(({ metadata, spec }) =>
    (spec.egress ?? []).flatMap(({ to, ports }) => {
      const anywhere = to === undefined || to.length === 0;
      const [numbers, names] = [numbered(ports), named(ports)];
      return peers(to, metadata.namespace ?? "", inputs).flatMap(({ blocks, pods }) => {
        const targets = anywhere ? [""] : [...blocks.map(blockMatch("daddr")), ...addressMatch("daddr", pods)];
        // A port's name means what each receiver calls so.
        const byName = pods.flatMap((target) => combine(addressMatch("daddr", [target]), portMatches(names, target)));
        const byNumber =
          names.length > 0 && numbers.length === 0
            ? []
            : combine(targets, withApi(portMatches(numbers, undefined), inputs.apiPort));
        return names.length > 0 ? [...byNumber, ...byName] : byNumber;
      });
    }),
  );
}

/** Policies that isolate a pod in a direction. */
function isolating(pod: Pod, policies: readonly NetworkPolicy[], direction: string): NetworkPolicy[] {
  return policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      spec.policyTypes?.includes(direction) === true &&
      selects(spec.podSelector ?? {}, pod.metadata.labels),
  );
}

type Block = NonNullable<Peer["ipBlock"]>;

/** The address blocks and pods that a rule's peers select; without peers all pods, for the names of ports. */
function peers(
  list: readonly Peer[] | undefined,
  namespace: string,
  inputs: PolicyInputs,
): { blocks: readonly Block[]; pods: readonly Pod[] }[] {
  const present = inputs.pods.filter((pod) => addressesOf(pod).length > 0);
  if (list === undefined || list.length === 0) return [{ blocks: [], pods: present }];
  const blocks = list.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock]));
  const pods = present.filter((pod) => list.some((peer) => peerSelects(peer, namespace, pod, inputs.namespaces)));
  return [{ blocks, pods }];
}

function peerSelects(peer: Peer, namespace: string, pod: Pod, namespaces: readonly KubeObject[]): boolean {
  if (peer.ipBlock !== undefined) return false;
  const { namespaceSelector, podSelector = {} } = peer;
  const inNamespace =
    namespaceSelector === undefined
      ? pod.metadata.namespace === namespace
      : namespaces.some(
          ({ metadata }) => metadata.name === pod.metadata.namespace && selects(namespaceSelector, metadata.labels),
        );
  return inNamespace && selects(podSelector, pod.metadata.labels);
}

const named = (ports: readonly Port[] = []): Port[] => ports.filter(({ port }) => typeof port === "string");
const numbered = (ports: readonly Port[] = []): Port[] => ports.filter(({ port }) => typeof port !== "string");

/** nft matches of ports; [""] (everything) if the rule names none. @param receiver - whose names of ports are meant */
function portMatches(ports: readonly Port[] | undefined, receiver: Pod | undefined): string[] {
  if (ports === undefined || ports.length === 0) return [""];
  return ports.flatMap(({ protocol = "TCP", port, endPort }) => {
    const kind = protocol.toLowerCase();
    if (port === undefined) return [`meta l4proto ${kind}`];
    if (typeof port === "number") return [`${kind} dport ${port}${endPort === undefined ? "" : `-${endPort}`}`];
    return portsOf(receiver)
      .filter((open) => open.name === port && (open.protocol ?? "TCP") === protocol)
      .map((open) => `${kind} dport ${open.containerPort}`);
  });
}

/** Adds the API server's port to matches of 6443. */
function withApi(matches: readonly string[], port: number | undefined): string[] {
  const api = matches.includes("tcp dport 6443") && port !== undefined ? [`tcp dport ${port}`] : [];
  return [...matches, ...api];
}

/** Ports of a pod's containers and sidecars. */
function portsOf(pod: Pod | undefined): ContainerPort[] {
  const sidecars = (pod?.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...(pod?.spec.containers ?? []), ...sidecars].flatMap(({ ports = [] }) => ports);
}

function addressMatch(side: string, pods: readonly Pod[]): string[] {
  const all = [...new Set(pods.flatMap(addressesOf))].sort();
  return families.flatMap(({ protocol, has }) => {
    const addresses = all.filter(has);
    return addresses.length === 0 ? [] : [`${protocol} ${side} { ${addresses.join(", ")} }`];
  });
}

const blockMatch =
  (side: string) =>
  ({ cidr, except = [] }: Block): string => {
    const match = `${families.find(({ has }) => has(cidr))?.protocol ?? ""} ${side}`;
    return `${match} ${cidr}${except.length === 0 ? "" : ` ${match} != { ${except.join(", ")} }`}`;
  };

const combine = (targets: readonly string[], ports: readonly string[]): string[] =>
  targets.flatMap((target) => ports.map((port) => `${target} ${port}`.trim()));

/** A pod's own addresses while they are in use, one a family. */
function addressesOf({ spec, status }: Pod): readonly string[] {
  const ended = status.phase === "Succeeded" || status.phase === "Failed";
  return spec.hostNetwork === true || ended ? [] : (status.podIPs ?? []).map(({ ip }) => ip);
}
