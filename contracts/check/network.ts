/** NetworkPolicies: every connection of a program is allowed out of its pod and into the other one. */
import { type Json, asList, asObject, asText, asTexts, type Manifest } from "../../policy/manifest.ts";
import { selects } from "./ports.ts";
import { usesToken } from "./runtime.ts";
import { filled, holds, type Situation } from "./situation.ts";
import type { Pod, World } from "./workloads.ts";

interface Connection {
  readonly port: number;
  readonly protocol: string;
  /** The other pod; undefined for a destination outside the cluster. */
  readonly pod: Pick<Pod, "namespace" | "labels"> | undefined;
}

/** Connections of a container that policies block, one phrase each. */
export function networkProblems(situation: Situation, pods: readonly Pod[]): readonly string[] {
  const { world, pod, reading } = situation;
  if (pod.template) return [];
  const peers = (reading.peers ?? []).filter(({ when }) => holds(when, situation));
  const problems = peers.flatMap((peer) => {
    const target = targetOf(peer, situation, pods);
    if (typeof target === "string") return [`${target} (${peer.at})`];
    return target.flatMap((connection) =>
      refusals(world, pod, connection, peer.to).map((problem) => `${problem} (${peer.at})`),
    );
  });
  if (usesToken(reading)) {
    for (const port of [443, 6443])
      problems.push(...refusals(world, pod, { port, protocol: "TCP", pod: undefined }, "the cluster's API"));
  }
  if (peers.length > 0) {
    const dns = refusals(world, pod, { port: 53, protocol: "UDP", pod: undefined }, "DNS");
    const anyPort = policiesOf(world, pod, "Egress").some(({ body }) =>
      asList(asObject(body.spec).egress).some((rule) =>
        asList(rule.ports).some(({ port }) => port === 53 || port === 5353),
      ),
    );
    if (dns.length > 0 && !anyPort) problems.push(...dns);
  }
  return [...new Set(problems)];
}

/** The connections to a peer, or the reason why there are none. */
function targetOf(
  peer: NonNullable<Situation["reading"]["peers"]>[number],
  situation: Situation,
  pods: readonly Pod[],
): readonly Connection[] | string {
  const { world, pod } = situation;
  const protocol = peer.protocol ?? "TCP";
  const written = filled(peer.to, situation);
  // Empty values, and those that are known only in the cluster, are not checked.
  if (written === undefined || written === "" || /\$\{\w+\}/.test(written)) return [];
  const { host, port: own } = hostAndPort(written);
  const asked = peer.port ?? own;
  const ports = asked === undefined ? [] : Array.isArray(asked) ? asked : [asked];
  if (peer.to === "world" || peer.to === "api") return ports.map((port) => ({ port, protocol, pod: undefined }));
  const [name = "", namespace = pod.namespace, zone] = host.split(".");
  const inside = zone === undefined || zone === "svc";
  const service = inside ? world.all("Service", pod.cluster, namespace).find((one) => one.name === name) : undefined;
  if (service === undefined) {
    if (!host.includes(".") && host !== "localhost" && !/^[\d:.]+$/.test(host))
      return `calls ${host}, and there is no Service ${host} in ${namespace}`;
    return host === "localhost" ? [] : ports.map((port) => ({ port, protocol, pod: undefined }));
  }
  const spec = asObject(service.body.spec);
  const targets = pods.filter(
    (one) => one.cluster === pod.cluster && one.namespace === namespace && selects(asTexts(spec.selector), one.labels),
  );
  const connections: Connection[] = [];
  for (const port of ports) {
    const entry = asList(spec.ports).find((one) => one.port === port);
    if (entry === undefined) return `calls ${host}:${port}, and its Service has no such port`;
    connections.push(
      ...targets.map((target) => ({ port: numberOf(entry.targetPort ?? port, target), protocol, pod: target })),
    );
  }
  return connections;
}

/** A port by its number or by its name in the pod. */
function numberOf(port: unknown, pod: Pod): number {
  if (typeof port === "number") return port;
  const named = pod.containers.flatMap(({ body }) => asList(body.ports)).find(({ name }) => name === port);
  return Number(named?.containerPort ?? port);
}

/** Host and port of a URL, a connection string, or `host[:port]`. */
function hostAndPort(value: string): { readonly host: string; readonly port: number | undefined } {
  const schemes: Readonly<Record<string, number>> = {
    http: 80,
    https: 443,
    redis: 6379,
    postgresql: 5432,
    amqps: 5671,
  };
  const [, scheme, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/s.exec(value) ?? [];
  const [, host = "", port] = /^(?:[^@/]*@)?(\[[^\]]*\]|[^:/?#,;]*)(?::(\d+))?/.exec(rest) ?? [];
  return { host, port: port === undefined ? schemes[scheme?.replace(/\+.*$/, "") ?? ""] : Number(port) };
}

function refusals(world: World, pod: Pod, connection: Connection, who: string): readonly string[] {
  const at = `${who} at port ${connection.port}`;
  const out = policiesOf(world, pod, "Egress");
  const problems: string[] = [];
  if (
    out.length > 0 &&
    !out.some(({ body }) =>
      asList(asObject(body.spec).egress).some((rule) => allows(world, rule, "to", connection, pod)),
    )
  ) {
    problems.push(`calls ${at}, and no NetworkPolicy allows the egress`);
  }
  if (connection.pod === undefined) return problems;
  const into = policiesOf(world, { ...connection.pod, cluster: pod.cluster }, "Ingress");
  const caller = { ...connection, pod };
  if (
    into.length > 0 &&
    !into.some(({ body }) =>
      asList(asObject(body.spec).ingress).some((rule) => allows(world, rule, "from", caller, connection.pod ?? pod)),
    )
  ) {
    problems.push(`calls ${at}, and no NetworkPolicy allows the ingress`);
  }
  return problems;
}

/** Policies that isolate a pod in a direction. */
function policiesOf(
  world: World,
  pod: Pick<Pod, "cluster" | "namespace" | "labels">,
  direction: string,
): readonly Manifest[] {
  return world.all("NetworkPolicy", pod.cluster, pod.namespace).filter(({ body }) => {
    const { podSelector, policyTypes } = asObject(body.spec);
    const types = Array.isArray(policyTypes) ? policyTypes : ["Ingress"];
    return types.includes(direction) && fits(asObject(podSelector), pod.labels);
  });
}

/** Whether a rule of a policy allows a connection to or from the other side. */
function allows(
  world: World,
  rule: Json,
  side: "to" | "from",
  { port, protocol, pod: other }: Connection,
  of: Pick<Pod, "namespace">,
): boolean {
  const ports = asList(rule.ports);
  const portFits = ports.some(({ port: from, endPort, protocol: by }) => {
    const last = typeof endPort === "number" ? endPort : Number(from);
    return (by ?? "TCP") === protocol && (from === undefined || (port >= Number(from) && port <= last));
  });
  if (ports.length > 0 && !portFits) return false;
  const peers = asList(rule[side]);
  return (
    peers.length === 0 ||
    peers.some((peer) => {
      if ("ipBlock" in peer) return other === undefined;
      if (other === undefined) return false;
      const namespace = world.manifests.find((one) => one.kind === "Namespace" && one.name === other.namespace);
      const labels = {
        ...asTexts(asObject(namespace?.body.metadata).labels),
        "kubernetes.io/metadata.name": other.namespace,
      };
      const there =
        "namespaceSelector" in peer ? fits(asObject(peer.namespaceSelector), labels) : other.namespace === of.namespace;
      return there && (!("podSelector" in peer) || fits(asObject(peer.podSelector), other.labels));
    })
  );
}

/** Whether a label selector matches labels; an empty one matches all. */
function fits(selector: Json, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(asTexts(selector.matchLabels)).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    asList(selector.matchExpressions).every(({ key, operator, values }) => {
      const [label, wanted] = [labels[asText(key)], Array.isArray(values) ? values : []];
      if (operator === "Exists") return label !== undefined;
      if (operator === "DoesNotExist") return label === undefined;
      return (operator === "In") === (label !== undefined && wanted.includes(label));
    })
  );
}
