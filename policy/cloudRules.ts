/** What cloud resources must have, and what must be protected wherever it runs. */
import { type Json, text } from "./manifest.ts";

/** One declared resource: a render's and a policy pack's look the same here. */
export interface Declared {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Json;
  readonly protect: boolean;
}

/** A rule about one resource of any provider: an empty answer is good, else one sentence a fault. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Declared, options: RuleOptions): readonly string[];
}

export interface RuleOptions {
  /** Whether the stack may be thrown away with all its data, as test environments are. @default false */
  readonly disposable?: boolean;
}

/** Kinds that hold data or what others rely on: losing one cannot be undone. */
const kept = new Set([
  "kubernetes:core/v1:PersistentVolumeClaim",
  "openstack:blockstorage/volume:Volume",
  "openstack:dns/zone:Zone",
  "openstack:networking/floatingIp:FloatingIp",
]);

/** Kinds that owners look for by name. */
const named = new Set([
  "openstack:blockstorage/volume:Volume",
  "openstack:compute/instance:Instance",
  "openstack:networking/secGroup:SecGroup",
]);

/** Seconds; a record that is wrong for longer than an hour keeps people out. */
const longestTtl = 3600;

/** No prefix is every prefix. */
const everywhere = ["", "0.0.0.0/0", "::/0"];

export const cloudRules: readonly ResourceRule[] = [
  {
    name: "protected",
    description: "What holds data cannot be deleted by mistake.",
    check: ({ type, protect, inputs }, { disposable = false }) => {
      const sets = type === "kubernetes:apps/v1:StatefulSet" && claimTemplates(inputs) > 0;
      return (kept.has(type) || sets) && !protect && !disposable
        ? ["holds data and is not protected; set its protect"]
        : [];
    },
  },
  {
    name: "no-wide-port",
    description: "What faces the world is one port of one protocol.",
    check: ({ type, inputs }) => {
      if (type !== "openstack:networking/secGroupRule:SecGroupRule" || inputs.direction !== "ingress") return [];
      const { protocol, portRangeMin: from, portRangeMax: to, remoteIpPrefix, remoteGroupId } = inputs;
      const world = remoteGroupId === undefined && everywhere.includes(text(remoteIpPrefix));
      const narrow = /icmp/.test(text(protocol)) || (text(protocol) !== "" && from !== undefined && from === to);
      return world && !narrow
        ? [`opens ${text(protocol) === "" ? "every protocol" : text(protocol)} ${range(from, to)} to the world`]
        : [];
    },
  },
  {
    name: "short-ttl",
    description: "A name that moves is found again soon.",
    check: ({ type, inputs }) =>
      type !== "openstack:dns/recordSet:RecordSet" || (typeof inputs.ttl === "number" && inputs.ttl <= longestTtl)
        ? []
        : [`has TTL ${String(inputs.ttl)}; say one of at most ${longestTtl} s`],
  },
  {
    name: "cloud-name",
    description: "Cloud resources have the names that their owners know.",
    // A preview does not know every name: it must not be asked for where it does not matter.
    check: ({ type, inputs }) =>
      named.has(type) && (inputs.name === undefined || inputs.name === "") ? ["has no explicit name"] : [],
  },
];

function claimTemplates(inputs: Json): number {
  const spec = inputs.spec as { volumeClaimTemplates?: readonly unknown[] } | undefined;
  return spec?.volumeClaimTemplates?.length ?? 0;
}

function range(from: unknown, to: unknown): string {
  return typeof from === "number" ? `ports ${from} to ${Number(to)}` : "on all ports";
}
