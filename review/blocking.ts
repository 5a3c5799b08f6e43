/** What a reviewer must not overlook: changes that lose data, open something up, or cannot be told from each other later. */
import type { Change } from "./compare.ts";
import { type Field, isMap, pathText } from "./fields.ts";

/** Types of what holds data, or is the only copy of something. */
const holdsData: readonly RegExp[] = [
  /^kubernetes:core\/v1:(PersistentVolumeClaim|PersistentVolume|Namespace)$/,
  /^openstack:blockstorage\/volume:Volume$/,
  /^openstack:dns\/zone:Zone$/,
  /^openstack:networking\/floatingIp:FloatingIp$/,
  /^openstack:objectstorage\/container:Container$/,
  /^random:index\/randomPassword:RandomPassword$/,
  /^tls:index\/privateKey:PrivateKey$/,
];

/** Every reason to stop and look, a sentence each. */
export function blocking(change: Change): readonly string[] {
  return [lost, unprotected, opened, widened, undigested].flatMap((rule) => rule(change));
}

function lost({ operation, type, before, fields }: Change): readonly string[] {
  if (operation !== "replace" && operation !== "delete") return [];
  const guarded = before?.options.protect === true || before?.options.retainOnDelete === true;
  if (!guarded && !holdsData.some((one) => one.test(type))) return [];
  const kept = before?.options.retainOnDelete === true ? "; the old one stays in the cloud, unmanaged" : "";
  const why = fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
  return operation === "delete"
    ? [`deletes what holds data${kept}`]
    : [`replaces what holds data${why.length > 0 ? `, because of ${why.join(", ")}` : ""}${kept}`];
}

function unprotected({ options }: Change): readonly string[] {
  return options
    .filter(({ path: [option], before, after }) => {
      return (option === "protect" || option === "retainOnDelete") && before === true && after !== true;
    })
    .map(({ path }) => `drops ${pathText(path)}`);
}

/** Rules of a security group, and Routes that lose their list of allowed ranges. */
function opened({ type, operation, before, after, fields }: Change): readonly string[] {
  if (operation === "delete") return [];
  if (type === "openstack:networking/secGroupRule:SecGroupRule") {
    const rule = inputsOf(after);
    if (rule.direction !== "ingress") return [];
    const widens = before === undefined || fields.some(({ path: [key] }) => key !== "description");
    return widens ? [`lets ${source(rule)} in to ${ports(rule)}`] : [];
  }
  if (type !== "kubernetes:route.openshift.io/v1:Route") return [];
  const allowed = (side: unknown): unknown => at(side, "metadata", "annotations", allowList) ?? "";
  return before !== undefined && allowed(before.inputs) !== "" && allowed(after?.inputs) === ""
    ? ["opens the Route to everybody"]
    : [];
}

const allowList = "haproxy.router.openshift.io/ip_whitelist";

function source({ remoteIpPrefix, remoteGroupId, ethertype }: Readonly<Record<string, unknown>>): string {
  if (typeof remoteGroupId === "string") return "another security group";
  if (remoteIpPrefix === undefined || remoteIpPrefix === "0.0.0.0/0" || remoteIpPrefix === "::/0")
    return `everybody (${text(ethertype)})`;
  return text(remoteIpPrefix);
}

function ports({ protocol, portRangeMin, portRangeMax }: Readonly<Record<string, unknown>>): string {
  const range =
    portRangeMin === undefined
      ? "every port"
      : portRangeMin === portRangeMax
        ? `port ${text(portRangeMin)}`
        : `ports ${text(portRangeMin)}-${text(portRangeMax)}`;
  return `${range} (${text(protocol ?? "any protocol")})`;
}

/** Rights: what a Role grants more than before, and to whom a binding gives one. */
function widened({ type, operation, before, after }: Change): readonly string[] {
  const kind = /^kubernetes:rbac\.authorization\.k8s\.io\/v1:(\w+)$/.exec(type)?.[1];
  if (kind === undefined || operation === "delete") return [];
  if (kind === "Role" || kind === "ClusterRole") {
    const held = grants(before?.inputs);
    const more = [...grants(after?.inputs)].filter((grant) => !held.has(grant));
    // A new Role gives nobody anything; its binding does.
    return before === undefined || more.length === 0 ? [] : [`grants ${shortened(more)}`];
  }
  const held = new Set(subjects(before?.inputs));
  const fresh = subjects(after?.inputs).filter((subject) => !held.has(subject));
  const role = (side: unknown): string => `${text(at(side, "roleRef", "kind"))} ${text(at(side, "roleRef", "name"))}`;
  const moved = before !== undefined && role(before.inputs) !== role(after?.inputs);
  return fresh.length === 0 && !moved
    ? []
    : [`gives ${shortened(moved ? subjects(after?.inputs) : fresh)} the rights of ${role(after?.inputs)}`];
}

/** Every pair of verb and resource. */
function grants(inputs: unknown): ReadonlySet<string> {
  const rules = at(inputs, "rules");
  const words = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
  const all = (Array.isArray(rules) ? rules : []).filter(isMap).flatMap((rule) => {
    const groups = words(rule.apiGroups);
    const names = words(rule.resourceNames);
    const what = words(rule.resources).flatMap((resource) =>
      (groups.length === 0 ? [""] : groups).flatMap((group) => {
        const full = group === "" ? resource : `${resource}.${group}`;
        return names.length === 0 ? [full] : names.map((name) => `${full}/${name}`);
      }),
    );
    return words(rule.verbs).flatMap((verb) =>
      [...what, ...words(rule.nonResourceURLs)].map((resource) => `${verb} ${resource}`),
    );
  });
  return new Set(all);
}

function subjects(inputs: unknown): readonly string[] {
  const all = at(inputs, "subjects");
  return (Array.isArray(all) ? all : [])
    .filter(isMap)
    .map(
      ({ kind, namespace, name }) =>
        `${text(kind)} ${namespace === undefined ? "" : `${text(namespace)}/`}${text(name)}`,
    );
}

function shortened(all: readonly string[]): string {
  return all.length <= 4 ? all.join(", ") : `${all.slice(0, 4).join(", ")} and ${all.length - 4} more`;
}

/** Images that change to a tag which can be moved afterwards. */
function undigested({ type, fields }: Change): readonly string[] {
  if (!type.startsWith("kubernetes:")) return [];
  return fields
    .filter(isImage)
    .filter(
      ({ before, after }) => typeof before === "string" && typeof after === "string" && !after.includes("@sha256:"),
    )
    .map(({ after }) => `runs ${text(after)}, a tag without digest`);
}

function isImage({ path }: Field): boolean {
  return path.at(-1) === "image";
}

function inputsOf(one: Change["after"]): Readonly<Record<string, unknown>> {
  return isMap(one?.inputs) ? one.inputs : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((held, key) => (isMap(held) ? held[key] : undefined), value);
}
