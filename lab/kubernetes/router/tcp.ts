/** Ports for other protocols than HTTP, such as SSH: the ConfigMap that ingress-nginx takes with `--tcp-services-configmap`. */
import { type RouterInputs, routerNamespace, type TcpServices } from "./objects.ts";
import { serversOf, type TcpSite } from "./sites.ts";

/** Its name, in the router's namespace. */
export const tcpServices = { name: "tcp-services", namespace: routerNamespace.metadata.name } as const;

/** The ports of all entries that can be read, but for the router's own. */
export function tcpSites(
  configMaps: readonly TcpServices[],
  { services, slices }: Pick<RouterInputs, "services" | "slices">,
): TcpSite[] {
  const entries = configMaps
    .filter(({ metadata }) => metadata.name === tcpServices.name)
    .flatMap(({ data }) => Object.entries(data ?? {}));
  return entries.flatMap(([from, to]): TcpSite[] => {
    const port = Number(from);
    const [, namespace = "", name = "", number = ""] = /^([a-z0-9-]+)\/([a-z0-9-]+):(\d+)$/.exec(to) ?? [];
    if (!(port > 0 && port < 65_536) || port === 80 || port === 443 || name === "") return [];
    const service = services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const found = service?.spec.ports?.find((one) => one.port === Number(number));
    if (found === undefined) return [];
    return [{ port, servers: serversOf(slices, namespace, name, (one) => (one.name ?? "") === (found.name ?? "")) }];
  });
}
