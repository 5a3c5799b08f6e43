/** Policies for OpenStack resources, and for everything that must be protected. */
import { type Json, asText } from "./manifest.ts";

/** A declared resource, from a render or from a policy pack. */
export interface Declared {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Json;
  readonly protect: boolean;
}

/** A policy about one resource of any provider. `check` returns one phrase per violation. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Declared, options: RuleOptions): readonly string[];
}

export interface RuleOptions {
  /** Whether the stack may be deleted with all its data, like a test environment. @default false */
  readonly disposable?: boolean;
}

/** Types that hold data or are referred to from outside: a deletion cannot be undone. */
const stateful = new Set([
  "kubernetes:core/v1:PersistentVolumeClaim",
  "openstack:blockstorage/volume:Volume",
  "openstack:compute/instance:Instance",
  "openstack:dns/zone:Zone",
  "openstack:networking/floatingIp:FloatingIp",
  "openstack:networking/port:Port",
]);

/** Types that operators look up by name. */
const named = new Set([
  "openstack:blockstorage/volume:Volume",
  "openstack:compute/instance:Instance",
  "openstack:networking/secGroup:SecGroup",
]);

/** Longest TTL, in seconds: a wrong record is out of caches within an hour. */
const longestTtl = 3600;

/** CIDRs that mean any address; a rule without a prefix does, too. */
const everywhere = ["", "0.0.0.0/0", "::/0"];

export const cloudRules: readonly ResourceRule[] = [
  {
    name: "protected",
    description: "Resources that hold data are protected from deletion.",
    check: ({ type, protect, inputs }, { disposable = false }) => {
      const sets = type === "kubernetes:apps/v1:StatefulSet" && claimTemplates(inputs) > 0;
      return (stateful.has(type) || sets) && !protect && !disposable
        ? ["holds data and is not protected; set protect"]
        : [];
    },
  },
  {
    name: "no-wide-port",
    description: "A rule open to the world allows one port of one protocol.",
    check: ({ type, inputs }) => {
      if (type !== "openstack:networking/secGroupRule:SecGroupRule" || inputs.direction !== "ingress") return [];
      const { protocol, portRangeMin: from, portRangeMax: to, remoteIpPrefix, remoteGroupId } = inputs;
      const world = remoteGroupId === undefined && everywhere.includes(asText(remoteIpPrefix));
      const narrow = /icmp/.test(asText(protocol)) || (asText(protocol) !== "" && from !== undefined && from === to);
      return world && !narrow
        ? [`opens ${asText(protocol) === "" ? "every protocol" : asText(protocol)} on ${range(from, to)} to the world`]
        : [];
    },
  },
  {
    name: "short-ttl",
    description: "DNS records have a short TTL.",
    check: ({ type, inputs }) =>
      type !== "openstack:dns/recordSet:RecordSet" || (typeof inputs.ttl === "number" && inputs.ttl <= longestTtl)
        ? []
        : [`has TTL ${String(inputs.ttl)}; set at most ${longestTtl} s`],
  },
  {
    name: "cloud-name",
    description: "Cloud resources have an explicit name.",
    // The type comes first: in a preview, reading an unknown name is reported as an advice.
    check: ({ type, inputs }) =>
      named.has(type) && (inputs.name === undefined || inputs.name === "") ? ["has no explicit name"] : [],
  },
];

function claimTemplates(inputs: Json): number {
  const spec = inputs.spec as { volumeClaimTemplates?: readonly unknown[] } | undefined;
  return spec?.volumeClaimTemplates?.length ?? 0;
}

function range(from: unknown, to: unknown): string {
  return typeof from === "number" ? `ports ${from} to ${Number(to)}` : "all ports";
}
