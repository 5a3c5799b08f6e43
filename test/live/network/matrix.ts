/** The pods of a stack, its NetworkPolicies, and which connections the table of expectations wants. */
import { asList, asObject, asText, asTexts, podOf, toManifest } from "../../../policy/manifest.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import type { Endpoint, Policy } from "./evaluate.ts";
import { expectations, type Row } from "./expectations.ts";

export interface World {
  readonly stack: string;
  readonly policies: readonly Policy[];
  /** Pods of the workloads, those that programs make, and callers from elsewhere. */
  readonly endpoints: readonly Endpoint[];
}

const named = "kubernetes.io/metadata.name";
/** OpenShift's router is known by this label of its namespace. */
const routers = { "network.openshift.io/policy-group": "ingress" };
/** Where the stacks' settings say that calls come from on other clusters. */
const ingressAddress = "192.168.66.10";

/** What a stack's rendered objects make. */
export function worldOf(stack: string, resources: readonly Rendered[]): World {
  const manifests = resources.flatMap(({ type, inputs, provider }) => {
    const manifest = toManifest(type, asObject(inputs), provider.split("::").at(-1));
    return manifest === undefined ? [] : [manifest];
  });
  const labelsOf = (cluster: string, namespace: string): Readonly<Record<string, string>> => {
    const found = manifests.find(
      (one) => one.kind === "Namespace" && one.cluster === cluster && one.name === namespace,
    );
    return { ...asTexts(asObject(found?.body.metadata).labels), [named]: namespace };
  };
  const workloads = manifests.flatMap((manifest): Endpoint[] => {
    const pod = podOf(manifest);
    const { cluster, namespace } = manifest;
    if (pod === undefined || pod.spec.hostNetwork === true) return [];
    const ports = asList(pod.spec.containers).flatMap(({ ports }) => asList(ports));
    return [
      {
        ...{ cluster, namespace, name: manifest.name.replace(/^staging-/, ""), address: "100.64.1.1" },
        namespaceLabels: labelsOf(cluster, namespace),
        labels: pod.labels,
        ports: ports.map(({ name, containerPort }) => ({ name: asText(name), containerPort: Number(containerPort) })),
      },
    ];
  });
  const policies = manifests
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map(({ cluster, body }) => ({ ...(body as unknown as Omit<Policy, "cluster">), cluster }));
  const clusters = [...new Set(workloads.map(({ cluster }) => cluster))];
  const openshift = new Set(manifests.filter(({ kind }) => kind === "Route").map(({ cluster }) => cluster));
  const made = manifests
    .filter(({ kind, name }) => kind === "Namespace" && /-(jobs|sandbox)$/.test(name))
    .map(({ cluster, name: namespace }): Endpoint => {
      const job = namespace.endsWith("-jobs");
      return {
        ...{ cluster, namespace, name: job ? "job" : "sandbox", address: "100.64.1.2", ports: [] },
        namespaceLabels: labelsOf(cluster, namespace),
        labels: job ? { "created-by-prow": "true" } : {},
      };
    });
  return {
    stack,
    policies,
    endpoints: [...workloads, ...made, ...clusters.flatMap((cluster) => others(cluster, openshift.has(cluster)))],
  };
}

function others(cluster: string, openshift: boolean): Endpoint[] {
  const pod = (namespace: string, name: string, labels: Readonly<Record<string, string>>): Endpoint => ({
    ...{ cluster, namespace, name, labels: {}, ports: [{ containerPort: 8080 }], address: "100.64.1.3" },
    namespaceLabels: { ...labels, [named]: namespace },
  });
  const address = (name: string, at: string): Endpoint => ({
    cluster,
    name,
    address: at,
    ports: [],
    labels: {},
    namespaceLabels: {},
  });
  return [
    pod("strangers", "stranger", {}),
    openshift ? pod("routers", "router", routers) : address("router", ingressAddress),
    address("outside", "203.0.113.10"),
  ];
}

/** The same where every pod and the world have addresses of IPv6, and are called by them. */
export const overIpv6 = (world: World): World => ({
  ...world,
  endpoints: world.endpoints.map((endpoint) => ({
    ...endpoint,
    // As IPv4's: pods have unique local addresses, and the world has one of the range for documentation.
    address: endpoint.namespace === undefined ? "2001:db8::10" : "fd00:6400::3",
  })),
});

/** What a table says of a connection. */
export function expected(
  stack: string,
  from: Endpoint,
  to: Endpoint,
  port: number,
  table = expectations,
): "needed" | "spare" | "refused" {
  const rows = rowsFor(stack, from, to, port, table);
  return rows.some(({ spare }) => spare !== true) ? "needed" : rows.length > 0 ? "spare" : "refused";
}

/** The rows about a connection. */
export function rowsFor(
  stack: string,
  from: Endpoint,
  to: Endpoint,
  port: number,
  table = expectations,
): readonly Row[] {
  return table.filter((row) => covers(row, stack, from, to, port));
}

function covers(row: Row, stack: string, from: Endpoint, to: Endpoint, port: number): boolean {
  const far =
    from.namespace === undefined || to.namespace === undefined || special.has(from.name) || special.has(to.name);
  return (
    matches(row.from, from) &&
    matches(row.to, to) &&
    (far || row.across === true || from.namespace === to.namespace) &&
    (row.on === undefined || row.on.includes(from.cluster)) &&
    row.ports.some((one) => one === "any" || numbers(one, stack, from.cluster).includes(port))
  );
}

export const special = new Set(["router", "stranger", "outside"]);

function numbers(port: number | "database" | "api", stack: string, cluster: string): readonly number[] {
  if (port === "database") return [stack === "test" ? 5432 : 6600];
  if (port === "api") return cluster === "ibm" ? [443, 6443, 2040] : [443, 6443];
  return [port];
}

/** A pattern with a slash is for the namespace, too, and is otherwise a regular expression. */
function matches(pattern: string, { namespace = "", name }: Endpoint): boolean {
  if (!pattern.includes("/")) return new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name);
  return new RegExp(`^${pattern.replace(/\*$/, ".*")}$`).test(`${namespace}/${name}`);
}

export interface Pair {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: number;
}

/** Ports of the world that something is allowed to call, and some that nothing is. */
export const worldPorts = [22, 25, 53, 80, 88, 443, 2040, 5000, 5432, 5671, 6379, 6443, 6600, 8080, 8443, 9090, 9999];

/** Every pair of a cluster, one of them a pod of the stack, with every port that the receiver declares. */
export function pairsOf({ endpoints }: World): readonly Pair[] {
  return endpoints.flatMap((from) =>
    endpoints
      .filter((to) => to.cluster === from.cluster && !(special.has(from.name) && special.has(to.name)))
      .flatMap((to) => {
        const ports = to.name === "outside" ? worldPorts : to.ports.map(({ containerPort }) => containerPort);
        return ports.map((port) => ({ from, to, port }));
      }),
  );
}

/** A pair for a message. */
export function lineOf({ from, to, port }: Pair): string {
  return `${from.cluster} ${from.namespace ?? ""}/${from.name} to ${to.namespace ?? ""}/${to.name}:${port}`;
}
