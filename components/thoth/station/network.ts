/** NetworkPolicies of the station's pods. */
import type { BlockOptions } from "../../../blocks/block.ts";
import { anywhere, dns, NetworkPolicy, pods, router } from "../../../blocks/kubernetes/networkPolicy.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { byNamespace, roles } from "./roles.ts";
import type { StationSettings } from "./settings.ts";

/** Git over SSH, HTTP, HTTPS, the cluster's registry and its API server. */
const outside = [22, 80, 443, 5000, 6443];

interface NetworkArgs {
  readonly namespaces: StationNamespaces;
  readonly settings: StationSettings;
  /** Namespace of the graph database. */
  readonly graphNamespace: string;
}

/**
 * One policy a namespace for all that carries `app: thoth`, including jobs made from Templates, and one for inspections, which
 * run a user's script and may fetch what it asks for. Builds have that of their {@link Namespace}.
 */
export function network(name: string, { namespaces, settings, graphNamespace }: NetworkArgs, opts: BlockOptions): void {
  const { names, refs } = namespaces;
  const { s3, pushgateway } = settings;
  const { port, protocol } = new URL(s3.endpoint);
  const store = port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
  const stations = [...new Set(Object.values(names))];
  const chosen = byNamespace(
    names,
    roles.map((role) => [role, role] as const),
  );
  for (const [plainName, role] of chosen) {
    const namespace = refs[role];
    const labels = { app: "thoth" };
    new NetworkPolicy(
      `${name}-network-${plainName}`,
      {
        ...{ namespace, name: "station", labels, pods: labels },
        ingress: [router(namespace.cluster, 8080), ...stations.map((one) => pods({}, [8080], one))],
        egress: [
          dns(),
          anywhere(...new Set([...outside, store, ...(pushgateway === undefined ? [] : [pushgateway.port])])),
          ...stations.map((one) => pods(labels, [8080], one)),
          pods({ app: "dgraph" }, [9080], graphNamespace),
        ],
      },
      opts,
    );
  }
  new NetworkPolicy(
    `${name}-network-inspections`,
    {
      ...{ namespace: refs.amunInspection, name: "inspections", labels: { app: "thoth" }, pods: { app: "amun" } },
      egress: [dns(), anywhere(22, 80, 443)],
    },
    opts,
  );
}
