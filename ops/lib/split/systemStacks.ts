/** A stack file a system, from the file of a stack with several. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { AnySystem } from "../../../config/define.ts";
import { parseConfig } from "../../../config/parse.ts";
import { wantedSecrets } from "../../../config/secrets.ts";
import { systemStack } from "../../../config/preflight/elsewhere.ts";
import { keepSystems, withKeysOf, withoutPaths } from "../../../config/stackEdit.ts";
import { projectDir, readStackFile, sampleConfig, type StackFile } from "../../../config/stackFile.ts";
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

/**
 * The file's text with all that the parts' files have.
 * @throws naming what two files have of a cluster or cloud and say differently: which one is right nobody here knows
 */
export function joined(file: string, parts: readonly Part[]): string {
  const whole = readStackFile(file);
  const differing = parts.flatMap((part) =>
    differences(whole, readStackFile(part.file)).map((key) => `${key} of ${part.stack}`),
  );
  if (differing.length > 0) {
    throw new Error(
      `${path.basename(file)} has not the same ${differing.join(", ")}: write what is right into both files; nothing was changed`,
    );
  }
  return parts.reduce((text, part) => withKeysOf(text, textOf(part.file)), textOf(file));
}

/** Keys of what systems run on that a part has and the whole has not, or has otherwise; secrets by their ciphertexts. */
function differences(whole: StackFile, part: StackFile): readonly string[] {
  const own = [...part.entries].filter(([key]) => shared.includes(key.split(":")[0] ?? ""));
  const keys = own.flatMap(([key, { value }]) => {
    const other = whole.entries.get(key)?.value;
    if (!key.endsWith(":settings")) return other === undefined || other === value ? [] : [key];
    const [ours, theirs] = [value, other ?? "{}"].map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
    const names = Object.keys(ours ?? {});
    return names.filter((name) => !isDeepStrictEqual(ours?.[name], theirs?.[name])).map((name) => `${key}.${name}`);
  });
  return [...(whole.encryptionSalt === part.encryptionSalt ? [] : ["encryptionsalt"]), ...keys];
}

const textOf = (file: string): string => readFileSync(file, "utf8");
