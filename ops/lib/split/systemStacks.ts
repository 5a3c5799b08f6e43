/** A stack file a system, from the file of a stack with several. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { AnySystem } from "../../../config/define.ts";
import { parseConfig } from "../../../config/parse.ts";
import { wantedSecrets } from "../../../config/secrets.ts";
import { systemStack } from "../../../config/preflight/elsewhere.ts";
import { keepSystems, withKeysOf, withoutPaths } from "../../../config/stackEdit.ts";
import { projectDir, readStackFile, sampleConfig } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";

/** The stack of one system. */
export interface Part {
  /** The system's namespace, which is also the name of its top component. */
  readonly system: string;
  /** E.g. `prod-packit`. */
  readonly stack: string;
  readonly file: string;
}

/** The stack of one of a stack's systems, e.g. `prod-packit` of `prod`. */
export function partOf(stack: string, system: string): Part {
  const name = systemStack(stack, system);
  return { system, stack: name, file: path.join(projectDir, `Pulumi.${name}.yaml`) };
}

/** The systems that a stack's file names, sorted. */
export function systemsOf(file: string): readonly string[] {
  const { entries } = readStackFile(file);
  return systemNames.filter((system) => entries.has(`${system}:settings`));
}

/** The parts of a stack that was split, by their files. */
export const partsOf = (stack: string): readonly Part[] =>
  systemNames.map((system) => partOf(stack, system)).filter(({ file }) => existsSync(file));

const all: readonly AnySystem[] = Object.values(schemas);

/** What systems run on. */
const targets = [
  { target: schemas.clusters, kind: "cluster" },
  { target: schemas.clouds, kind: "cloud" },
] as const;
const shared = targets.map(({ target }) => target.namespace);
export const systemNames = Object.keys(schemas)
  .filter((namespace) => namespace !== "orrery" && !shared.includes(namespace))
  .sort();

/** The file's text with some of its systems, and the clusters and clouds that they name. */
export function withOnlySystems(file: string, kept: readonly string[]): string {
  const source = readStackFile(file);
  const { systems } = parseConfig(sampleConfig(source, all), all);
  const named = all
    .filter(({ namespace }) => kept.includes(namespace))
    .flatMap((schema) => schema.references?.(systems.get(schema.namespace)?.settings) ?? []);
  const unused = targets.flatMap(({ target, kind }) => {
    const settings = (systems.get(target.namespace)?.settings ?? {}) as Readonly<Record<string, unknown>>;
    const used = named.filter((one) => one.kind === kind).map(({ name }) => name);
    const gone = Object.keys(settings).filter((name) => !used.includes(name));
    const left = Object.fromEntries(Object.entries(settings).filter(([name]) => used.includes(name)));
    const secrets = new Set(wantedSecrets(target, left).map(({ key }) => key));
    const lost = [...source.entries].filter(([key, { secret }]) => secret && key.startsWith(`${target.namespace}:`));
    return [
      ...(used.length === 0
        ? [[`${target.namespace}:settings`]]
        : gone.map((name) => [`${target.namespace}:settings`, name])),
      ...lost.filter(([key]) => !secrets.has(key)).map(([key]) => [key]),
    ];
  });
  return withoutPaths(
    keepSystems(source.text, [...shared, ...kept]),
    unused.map((at) => ["config", ...at]),
  );
}

/** The file's text without any system: the stack has none then, so deploying it deletes nothing. */
export const withoutSystems = (file: string): string => keepSystems(textOf(file), ["orrery", ...shared]);

/** The file's text with all that the parts' files have. */
export const joined = (file: string, parts: readonly Part[]): string =>
  parts.reduce((whole, part) => withKeysOf(whole, textOf(part.file)), textOf(file));

const textOf = (file: string): string => readFileSync(file, "utf8");
