/** Public names of the old cluster, and where they are to point. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import { titleOf } from "./workloads.ts";

/** A name that DNS has. */
export interface HostMove {
  readonly host: string;
  /** Route or Ingress of the old cluster. */
  readonly from: string;
  /** The one of the new cluster; null: the stack declares none for this name. */
  readonly to: string | null;
  /** Name or address that DNS is to have; null as long as the cluster has not said it. */
  readonly target: string | null;
}

const isPublic = ({ kind }: Json): boolean => kind === "Route" || kind === "Ingress";

/** Hosts of Routes and Ingresses. */
function hostsOf({ kind, spec }: Json): readonly string[] {
  const { host, rules } = asObject(spec);
  const all = kind === "Route" ? [host] : asList(rules).map((rule) => rule.host);
  return all.map(asText).filter((one) => one !== "");
}

/** Where the router of a cluster answers, as a Route or an Ingress says. */
function targetOf({ kind, status }: Json): string | undefined {
  const { ingress, loadBalancer } = asObject(status);
  if (kind === "Route")
    return asList(ingress)
      .map((one) => asText(one.routerCanonicalHostname))
      .find((one) => one !== "");
  return asList(asObject(loadBalancer).ingress)
    .map((one) => asText(one.ip) || asText(one.hostname))
    .find((one) => one !== "");
}

/** Every host of the old cluster, by name. @param fresh - live objects of the new cluster, or what is declared there */
export function hostMoves(old: readonly Json[], fresh: readonly Json[]): readonly HostMove[] {
  const next = fresh.filter(isPublic).flatMap((one) => hostsOf(one).map((host) => [host, one] as const));
  return old
    .filter(isPublic)
    .flatMap((one) => hostsOf(one).map((host) => ({ host, from: titleOf(one) })))
    .map(({ host, from }): HostMove => {
      const to = next.find(([name]) => name === host)?.[1];
      if (to === undefined) return { host, from, to: null, target: null };
      return { host, from, to: titleOf(to), target: targetOf(to) ?? null };
    })
    .toSorted((a, b) => a.host.localeCompare(b.host));
}

/** Lines for people. @param appsDomain - domain of the new cluster's router, for what has not said its address */
export function hostLines(moves: readonly HostMove[], appsDomain: string): readonly string[] {
  return moves.map(({ host, from, to, target }) =>
    to === null
      ? `${host}: only the old ${from} has it; set it as a host of the stack, or let it go`
      : `${host}: from the old ${from} to ${target ?? `the router of ${appsDomain}`} (${to})`,
  );
}
