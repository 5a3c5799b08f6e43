/** A program's OpenStack resources in OpenTofu's JSON syntax (main.tf.json): the same resources of the same provider. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../lab/settings.ts";
import type { Recording, Registration } from "../review/evaluate/record.ts";
import { mapParts } from "../review/evaluate/secret.ts";
import { isOpenstack, isReference, linked, needed, type Reference, references } from "./references.ts";

/** Where OpenTofu looks for the provider; `terraform` is the word of its own language. */
export const providerSource = "terraform-provider-openstack/openstack";

/** Blocks that Pulumi names in the plural. */
const blocks: Readonly<Record<string, string>> = { networks: "network" };

/** Bodies by type and name. */
type Blocks = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** Configuration as `main.tf.json` has it. */
export interface Configuration {
  readonly terraform: object;
  readonly data: Blocks;
  readonly resource: Blocks;
}

/** Translates what a program declares, and asks for it; logins come from the environment. @throws naming a type that is not of the provider */
export function toConfiguration(recording: Pick<Recording, "resources" | "calls">): Configuration {
  const calls = needed(recording);
  const resources = recording.resources.filter(isOpenstack);
  const known = references({ resources, calls });
  const byUrn = new Map(resources.map((one) => [one.urn, addressOf(one)]));
  const address = ({ $of }: Pick<Reference, "$of">): string =>
    typeof $of === "number" ? `data.${typeOf(calls[$of]?.token)}.call_${$of}` : (byUrn.get($of) ?? $of);
  const bodyOf = (one: Registration): object => {
    const body = toValue(linked(one, known), address) as object;
    const needed = (one.options.dependsOn ?? []).flatMap((urn) => byUrn.get(urn) ?? []);
    const unsaid = needed.filter((at) => !JSON.stringify(body).includes(`${at}.`)); // the others are references
    return unsaid.length === 0 ? body : { ...body, depends_on: unsaid };
  };
  return {
    terraform: { required_providers: { openstack: { source: providerSource } } },
    data: grouped(calls.map((one, at) => [typeOf(one.token), `call_${at}`, toValue(linked(one, known), address)])),
    resource: grouped(resources.map((one) => [typeOf(one.type), label(one.name), bodyOf(one)])),
  };
}

/** Address of a resource by its Pulumi name. */
export function addressOf({ type, name }: Pick<Registration, "type" | "name">): string {
  return `${typeOf(type)}.${label(name)}`;
}

/** The provider's names by those of npm's package, as the plugin is made with. */
const typeNames: ReadonlyMap<string, string> = new Map(
  Object.values(
    JSON.parse(
      readFileSync(path.join(root, "lab", "toolchain", "bridge", "providers", "openstack.json"), "utf8"),
    ) as Readonly<Record<string, Readonly<Record<string, string>>>>,
  ).flatMap((names) => Object.entries(names).map(([name, token]) => [token, name] as const)),
);

/** `openstack_compute_keypair_v2` of `openstack:compute/keypair:Keypair`. */
function typeOf(token = ""): string {
  const [, group = "", name = ""] = /^openstack:(\w+)\/\w+:(\w+)$/.exec(token) ?? [];
  const found = typeNames.get(`${group}/${name}`);
  if (found === undefined) throw new Error(`"${token}" is no type of OpenStack's provider`);
  return found;
}

const label = (name: string): string => name.replaceAll(/[^\w-]/g, "_");

function grouped(rows: readonly (readonly [type: string, name: string, body: unknown])[]): Blocks {
  const groups = Map.groupBy(rows, ([type]) => type);
  return Object.fromEntries(
    [...groups].map(([type, all]) => [type, Object.fromEntries(all.map(([, name, body]) => [name, body as object]))]),
  );
}

/** A value with the provider's keys, references as expressions, and text that is no template. */
function toValue(value: unknown, address: (reference: Reference) => string): unknown {
  return mapParts(value, (part) => {
    if (isReference(part)) return expression(part, address(part));
    if (typeof part === "string") return part.replaceAll(/([$%])\{/g, "$1$1{");
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [blocks[key] ?? snakeCase(key), item]));
  });
}

const snakeCase = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function expression({ property }: Reference, at: string): string {
  if (property === "id") return `\${${at}.id}`;
  const colons = `length(regexall(":", a)) ${property === "ipv6" ? "> 0" : "== 0"}`;
  return `\${one([for a in ${at}.all_fixed_ips : a if ${colons}])}`;
}
