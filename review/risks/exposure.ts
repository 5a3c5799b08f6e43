/** Network exposure that a change adds. */
import { BlockList, isIP } from "node:net";
import type { Change } from "../diff/compare.ts";
import { isMap } from "../diff/fields.ts";
import { valueAt, formatValue } from "../report/format.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** One phrase per exposure added by a security group rule, a port, a Route, an Ingress or a NetworkPolicy. */
export function exposure(change: Change): readonly string[] {
  switch (change.type) {
    case "openstack:networking/secGroupRule:SecGroupRule":
      return ruleExposure(change);
    case "openstack:networking/port:Port":
      return portExposure(change);
    case "kubernetes:route.openshift.io/v1:Route":
    case "kubernetes:networking.k8s.io/v1:Ingress":
      return endpointExposure(change);
    case "kubernetes:networking.k8s.io/v1:NetworkPolicy":
      return policyExposure(change);
    default:
      return [];
  }
}

function ruleExposure({ operation, before, after, fields }: Change): readonly string[] {
  const rule = inputsOf(after);
  if (operation === "delete" || rule.direction !== "ingress") return [];
  const elsewhere = fields.some(({ path: [key], derived }) => key === "securityGroupId" && !derived);
  if (before !== undefined && !elsewhere && admits(inputsOf(before), rule)) return [];
  return [`allows ingress from ${source(rule)} to ${ports(rule)}`];
}

/** Whether `wider` already allows everything that `rule` allows. */
function admits(wider: Inputs, rule: Inputs): boolean {
  const same = ["direction", "ethertype"].every((key) => wider[key] === rule[key]);
  const protocol = wider.protocol === undefined || wider.protocol === rule.protocol;
  const range = (side: Inputs): readonly [number, number] => [
    Number(side.portRangeMin ?? 0),
    Number(side.portRangeMax ?? 65535),
  ];
  const [[low, high], [min, max]] = [range(wider), range(rule)];
  const group = wider.remoteGroupId !== undefined && wider.remoteGroupId === rule.remoteGroupId;
  const prefix = (side: Inputs): string =>
    formatValue(side.remoteIpPrefix ?? (side.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0"));
  const from =
    group ||
    (wider.remoteGroupId === undefined && rule.remoteGroupId === undefined && contains(prefix(wider), prefix(rule)));
  return same && protocol && low <= min && high >= max && from;
}

/** Whether a range (`10.0.0.0/8`, or a single address) is part of another one. */
function contains(wider: string, range: string): boolean {
  const [outer, inner] = [wider, range].map((one) => {
    const [address = "", bits] = one.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    return { address, family, bits: Number(bits ?? (family === "ipv6" ? 128 : 32)) } as const;
  });
  if (wider === range) return true;
  if (outer === undefined || inner === undefined || isIP(outer.address) === 0 || isIP(inner.address) === 0)
    return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.bits, outer.family);
  return inner.bits >= outer.bits && list.check(inner.address, inner.family);
}

function source({ remoteIpPrefix, remoteGroupId, ethertype }: Inputs): string {
  if (typeof remoteGroupId === "string") return "another security group";
  if (remoteIpPrefix === undefined || remoteIpPrefix === "0.0.0.0/0" || remoteIpPrefix === "::/0")
    return `everywhere (${formatValue(ethertype)})`;
  return formatValue(remoteIpPrefix);
}

function ports({ protocol, portRangeMin, portRangeMax }: Inputs): string {
  const range =
    portRangeMin === undefined
      ? "every port"
      : portRangeMin === portRangeMax
        ? `port ${formatValue(portRangeMin)}`
        : `ports ${formatValue(portRangeMin)}-${formatValue(portRangeMax)}`;
  return `${range} (${formatValue(protocol ?? "any protocol")})`;
}

/** A port without security groups accepts all traffic. */
function portExposure({ operation, before, after }: Change): readonly string[] {
  const open = (side: Change["after"]): boolean => {
    const { noSecurityGroups, portSecurityEnabled } = inputsOf(side);
    return noSecurityGroups === true || portSecurityEnabled === false;
  };
  return operation !== "delete" && open(after) && !open(before) ? ["removes the port from every security group"] : [];
}

/** Annotations with the ranges that may call a Route or Ingress, and their separators. */
const allowed: readonly (readonly [name: string, separator: RegExp])[] = [
  ["haproxy.router.openshift.io/ip_whitelist", /\s+/],
  ["haproxy.router.openshift.io/ip_allowlist", /\s+/],
  ["nginx.ingress.kubernetes.io/whitelist-source-range", /\s*,\s*/],
];

function endpointExposure({ type, operation, before, after }: Change): readonly string[] {
  if (operation === "delete" || before === undefined) return [];
  const what = type.split(":").at(-1) ?? type;
  const reasons = allowed.flatMap(([name, separator]) => {
    const [old, now] = [before, after].map((side) => {
      const list = valueAt(side?.inputs, "metadata", "annotations", name);
      return typeof list === "string" ? list.split(separator).filter((range) => range !== "") : [];
    });
    if (old === undefined || now === undefined || old.length === 0) return [];
    if (now.length === 0) return [`opens the ${what} to all addresses`];
    const fresh = now.filter((range) => !old.some((wider) => contains(wider, range)));
    return fresh.length === 0 ? [] : [`opens the ${what} to ${fresh.join(", ")}`];
  });
  return [...new Set(reasons)];
}

/** More sources may call the pods; deleting the policy of a whole namespace removes its isolation. */
function policyExposure({ operation, before, after }: Change): readonly string[] {
  if (before === undefined) return [];
  if (operation === "delete")
    return JSON.stringify(valueAt(before.inputs, "spec", "podSelector")) === "{}"
      ? ["opens the pods of a whole namespace that no other policy selects"]
      : [];
  const callers = (side: Change["after"]): readonly string[] => {
    const rules = valueAt(side?.inputs, "spec", "ingress");
    return (Array.isArray(rules) ? rules : []).map((rule) => JSON.stringify(rule));
  };
  const known = new Set(callers(before));
  const fresh = callers(after).filter((rule) => !known.has(rule));
  return fresh.length === 0 ? [] : ["allows ingress to the pods from other sources"];
}

function inputsOf(one: Change["after"]): Inputs {
  return isMap(one?.inputs) ? one.inputs : {};
}
