/** Compares two stacks of the working tree: their settings, and what the program makes of them. */
import { readStackFile, type StackFile, stackPath } from "../config/stackFile.ts";
import { renderAt, workingTree } from "./checkout.ts";
import { type Change, compare } from "./diff/compare.ts";
import { type Field, fieldsBetween } from "./diff/fields.ts";
import { named } from "./movedSystems.ts";

/** What two stacks differ in. */
export interface StackDifference {
  /** Names of both stacks. */
  readonly stacks: readonly [string, string];
  /** By config key and path, e.g. `packit:settings.worker.replicas`. Secrets are each stack's own, and only ever one side's here. */
  readonly settings: readonly (Field & { readonly key: string })[];
  /** From the first to the second stack: what only the first has counts as deleted. */
  readonly changes: readonly Change[];
}

/** @throws if a stack does not exist or does not render */
export async function compareStacks(first: string, second: string): Promise<StackDifference> {
  const [one, other] = [first, second].map((name) => readStackFile(stackPath(name))) as [StackFile, StackFile];
  const nothing = { urns: [], secrets: [] };
  const renders = await Promise.all([first, second].map((name) => renderAt(workingTree, name, nothing)));
  const [before = [], after = []] = renders;
  return {
    stacks: [first, second],
    settings: settingsBetween(one, other),
    changes: compare(named(before, first, second), after),
  };
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
