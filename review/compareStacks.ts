/** Compares two stacks of the working tree: their settings, and what the program makes of them. */
import { readStackFile, type StackFile, stackPath } from "../config/stackFile.ts";
import { renderAt, workingTree } from "./checkout.ts";
import { type Change, compare } from "./diff/compare.ts";
import { type Field, fieldsBetween } from "./diff/fields.ts";
import type { Rendered } from "./evaluate/render.ts";
import { inSystem, named, systemsIn } from "./movedSystems.ts";

/** What two stacks differ in. */
export interface StackDifference {
  /** Names of both stacks. */
  readonly stacks: readonly [string, string];
  /** Systems that only one of them has; they are compared with nothing. */
  readonly alone: readonly { readonly system: string; readonly stack: string }[];
  /** By config key and path, e.g. `packit:settings.worker.replicas`. Secrets are each stack's own, and only ever one side's here. */
  readonly settings: readonly (Field & { readonly key: string })[];
  /** From the first to the second stack: what only the first has counts as deleted. */
  readonly changes: readonly Change[];
}

/** @throws if a stack does not exist or does not render */
export async function compareStacks(first: string, second: string, tree = workingTree): Promise<StackDifference> {
  const [one, other] = [first, second].map((name) => readStackFile(stackPath(name, tree.folder))) as [
    StackFile,
    StackFile,
  ];
  const nothing = { urns: [], secrets: [] };
  const renders = await Promise.all([first, second].map((name) => renderAt(tree, name, nothing)));
  const [before = [], after = []] = renders;
  const alone = [...onlyIn(one, other, first), ...onlyIn(other, one, second)];
  const left = new Set(alone.map(({ system }) => system));
  return {
    stacks: [first, second],
    alone,
    settings: settingsBetween(one, other).filter(({ key }) => !left.has(key.split(":")[0] ?? "")),
    changes: compare(named(without(before, left), first, second), without(after, left)),
  };
}

function onlyIn(one: StackFile, other: StackFile, stack: string): StackDifference["alone"] {
  const [own, theirs] = [systemsIn(one), systemsIn(other)];
  // Clusters and clouds are no systems: their settings are compared as such.
  return [...own]
    .filter((system) => !theirs.has(system) && !["orrery", "clusters", "clouds"].includes(system))
    .sort()
    .map((system) => ({ system, stack }));
}

function without(resources: readonly Rendered[], systems: ReadonlySet<string>): readonly Rendered[] {
  const gone = new Set([...systems].flatMap((system) => inSystem(resources, system)));
  return resources.filter((one) => !gone.has(one));
}

function settingsBetween(one: StackFile, other: StackFile): StackDifference["settings"] {
  const keys = [...new Set([...one.entries.keys(), ...other.entries.keys()])].sort();
  return keys.flatMap((key) => {
    const [before, after] = [one, other].map(({ entries }) => plain(entries.get(key)));
    return fieldsBetween(before, after).map((field) => ({ ...field, key }));
  });
}

/** What the file says: a secret only that it is one. */
function plain(entry: { readonly secret: boolean; readonly value: string } | undefined): unknown {
  if (entry === undefined) return undefined;
  if (entry.secret) return "[secret]";
  try {
    return JSON.parse(entry.value) as unknown;
  } catch {
    return entry.value;
  }
}
