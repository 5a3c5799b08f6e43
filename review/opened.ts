/** What a change lets in from outside that was kept out before. */
import { BlockList, isIP } from "node:net";
import type { Change } from "./compare.ts";
import { isMap } from "./fields.ts";
import { at, text } from "./words.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** Security groups and ports of OpenStack; lists of allowed ranges and policies of Kubernetes. */
export function opened(change: Change): readonly string[] {
  switch (change.type) {
    case "openstack:networking/secGroupRule:SecGroupRule":
      return openedRule(change);
    case "openstack:networking/port:Port":
      return openedPort(change);
    case "kubernetes:route.openshift.io/v1:Route":
    case "kubernetes:networking.k8s.io/v1:Ingress":
      return openedAddress(change);
    case "kubernetes:networking.k8s.io/v1:NetworkPolicy":
      return openedPolicy(change);
    default:
      return [];
  }
}

function openedRule({ operation, before, after, fields }: Change): readonly string[] {
  const rule = inputsOf(after);
  if (operation === "delete" || rule.direction !== "ingress") return [];
  const elsewhere = fields.some(({ path: [key], follows }) => key === "securityGroupId" && !follows);
  if (before !== undefined && !elsewhere && admits(inputsOf(before), rule)) return [];
  return [`lets ${source(rule)} in to ${ports(rule)}`];
}

/** Whether everything that `rule` lets in came in by `wider` already. */
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
    text(side.remoteIpPrefix ?? (side.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0"));
  const from =
    group ||
    (wider.remoteGroupId === undefined && rule.remoteGroupId === undefined && contains(prefix(wider), prefix(rule)));
  return same && protocol && low <= min && high >= max && from;
}

/** Whether every address of a range, `10.0.0.0/8` or a single one, is in another one. */
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
    return `everybody (${text(ethertype)})`;
  return text(remoteIpPrefix);
}

function ports({ protocol, portRangeMin, portRangeMax }: Inputs): string {
  const range =
    portRangeMin === undefined
      ? "every port"
      : portRangeMin === portRangeMax
        ? `port ${text(portRangeMin)}`
        : `ports ${text(portRangeMin)}-${text(portRangeMax)}`;
  return `${range} (${text(protocol ?? "any protocol")})`;
}

/** A port without security groups lets everybody in everywhere. */
function openedPort({ operation, before, after }: Change): readonly string[] {
  const open = (side: Change["after"]): boolean => {
    const { noSecurityGroups, portSecurityEnabled } = inputsOf(side);
    return noSecurityGroups === true || portSecurityEnabled === false;
  };
  return operation !== "delete" && open(after) && !open(before) ? ["takes the port out of every security group"] : [];
}

/** Annotations that list the ranges from which an address may be called, and what stands between them. */
const allowed: readonly (readonly [name: string, separator: RegExp])[] = [
  ["haproxy.router.openshift.io/ip_whitelist", /\s+/],
  ["haproxy.router.openshift.io/ip_allowlist", /\s+/],
  ["nginx.ingress.kubernetes.io/whitelist-source-range", /\s*,\s*/],
];

function openedAddress({ type, operation, before, after }: Change): readonly string[] {
  if (operation === "delete" || before === undefined) return [];
  const what = type.split(":").at(-1) ?? type;
  const reasons = allowed.flatMap(([name, separator]) => {
    const [old, now] = [before, after].map((side) => {
      const list = at(side?.inputs, "metadata", "annotations", name);
      return typeof list === "string" ? list.split(separator).filter((range) => range !== "") : [];
    });
    if (old === undefined || now === undefined || old.length === 0) return [];
    if (now.length === 0) return [`opens the ${what} to everybody`];
    const fresh = now.filter((range) => !old.some((wider) => contains(wider, range)));
    return fresh.length === 0 ? [] : [`opens the ${what} to ${fresh.join(", ")}`];
  });
  return [...new Set(reasons)];
}

/** Pods that more may call; with a policy for a whole namespace goes what keeps everybody out of it. */
function openedPolicy({ operation, before, after }: Change): readonly string[] {
  if (before === undefined) return [];
  if (operation === "delete")
    return JSON.stringify(at(before.inputs, "spec", "podSelector")) === "{}"
      ? ["opens the pods of a whole namespace that no other policy selects"]
      : [];
  const callers = (side: Change["after"]): readonly string[] => {
    const rules = at(side?.inputs, "spec", "ingress");
    return (Array.isArray(rules) ? rules : []).map((rule) => JSON.stringify(rule));
  };
  const held = new Set(callers(before));
  const fresh = callers(after).filter((rule) => !held.has(rule));
  return fresh.length === 0 ? [] : ["lets other callers in to the pods"];
}

function inputsOf(one: Change["after"]): Inputs {
  return isMap(one?.inputs) ? one.inputs : {};
}
