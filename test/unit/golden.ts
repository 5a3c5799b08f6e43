/** A stack's resources as files for reviewers: a folder per system, a file per component, Kubernetes objects as manifests. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { projectFiles } from "../../config/projectFiles.ts";
import { unified } from "../../review/diff/unified.ts";
import type { Rendered } from "../../review/evaluate/render.ts";

type Json = Readonly<Record<string, unknown>>;

const folder = path.join(import.meta.dirname, "golden");

/** Texts of a stack's golden files by their path in the stack's folder, e.g. `packit/web.yaml`. */
export function goldenFiles(resources: readonly Rendered[]): ReadonlyMap<string, string> {
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const files = new Map<string, Map<string, Json>>();
  for (const one of resources) {
    if (one.type.startsWith("orrery:")) continue;
    const name = fileOf(one, byUrn);
    const entries = files.get(name) ?? new Map<string, Json>();
    files.set(name, entries);
    const title = titleOf(one);
    entries.set(entries.has(title) ? `${title} (${one.name})` : title, entryOf(one, byUrn));
  }
  const texts = [...files].map(([name, entries]): [string, string] => {
    const sorted = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    return [name, stringify(sorted, { lineWidth: 0, blockQuote: "literal" })];
  });
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The system's folder, and the component; one that has components itself is a folder next to its file. */
function fileOf({ parent }: Rendered, byUrn: ReadonlyMap<string, Rendered>): string {
  const chain: Rendered[] = [];
  for (let at = byUrn.get(parent); at !== undefined; at = byUrn.get(at.parent)) chain.unshift(at);
  const [system, ...components] = chain;
  if (system === undefined) return "providers.yaml";
  const names = components.slice(0, 2).map(({ name }, at) => name.replace(`${chain[at]?.name ?? ""}-`, ""));
  return `${[system.name, ...(names.length === 0 ? [system.name] : names)].join("/")}.yaml`;
}

/** `Deployment namespace/name`, or the type and Pulumi's name. */
function titleOf({ type, name, inputs }: Rendered): string {
  const { kind, metadata } = inputs as { kind?: unknown; metadata?: { namespace?: unknown; name?: unknown } };
  if (typeof kind !== "string") return `${type} ${name}`;
  const where = typeof metadata?.namespace === "string" ? `${metadata.namespace}/` : "";
  return `${kind} ${where}${typeof metadata?.name === "string" ? metadata.name : name}`;
}

/** Inputs, after a first line with Pulumi's name, provider, options and dependencies. */
function entryOf({ name, provider, inputs, options }: Rendered, byUrn: ReadonlyMap<string, Rendered>): Json {
  const { dependsOn = [], deletedWith, ...others } = options;
  const short = (urn: string): string => byUrn.get(urn)?.name ?? urn.split("::").at(-1) ?? urn;
  // Aliases are the provider's own constants.
  const flags = Object.entries(others).flatMap(([option, value]) =>
    value === false || option === "aliases" ? [] : [value === true ? option : `${option} ${JSON.stringify(value)}`],
  );
  const words = [
    provider === "" ? name : `${name} on ${short(provider)}`,
    ...flags,
    ...(deletedWith === undefined ? [] : [`deletedWith ${short(deletedWith)}`]),
    ...(dependsOn.length === 0 ? [] : [`after ${dependsOn.map(short).sort().join(" ")}`]),
  ];
  return { pulumi: words.join("; "), ...(inputs as Json) };
}

/** Replaces a stack's golden files. */
export function writeGolden(stack: string, files: ReadonlyMap<string, string>): void {
  const home = path.join(folder, stack);
  rmSync(home, { recursive: true, force: true });
  for (const [name, text] of files) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), text);
  }
}

/** Unified diffs to a stack's committed files; empty if there are none. */
export function goldenDifferences(stack: string, actual: ReadonlyMap<string, string>): readonly string[] {
  const home = path.join(folder, stack);
  const names = new Set([...actual.keys(), ...projectFiles("**/*.yaml", home)]);
  return [...names].sort().flatMap((name) => {
    const file = path.join(home, name);
    const [before, after] = [existsSync(file) ? readFileSync(file, "utf8") : "", actual.get(name) ?? ""];
    return before === after ? [] : [`golden/${stack}/${name}`, ...unified(before, after)];
  });
}
