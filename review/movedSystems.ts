/** Systems that another stack has in the newer commit: `config split` moves `packit` from `prod` to `prod-packit`, `--back` the other way. */
import { existsSync } from "node:fs";
import path from "node:path";
import { relatives } from "../config/preflight/elsewhere.ts";
import { readStackFile, type StackFile, stackNames } from "../config/stackFile.ts";
import type { Rendered } from "./evaluate/render.ts";

/** A system with the stacks that have it in the older and in the newer commit. */
export interface Move {
  readonly system: string;
  readonly from: string;
  readonly to: string;
}

/** Finds moved systems by the stack files of two checkouts' folders. */
export function movesBetween(base: string, head: string): readonly Move[] {
  const [old, now] = [systemsByStack(base), systemsByStack(head)];
  return [...old].flatMap(([from, systems]) =>
    [...systems].flatMap((system) => {
      if (now.get(from)?.has(system) === true) return [];
      const isNew = (stack: string): boolean =>
        now.get(stack)?.has(system) === true && old.get(stack)?.has(system) !== true;
      const to = relatives(from, system).find(isNew);
      return to === undefined ? [] : [{ system, from, to }];
    }),
  );
}

function systemsByStack(folder: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(stackNames(folder).map((stack) => [stack, systemsIn(fileOf(folder, stack))]));
}

/** Namespaces that a stack's file has settings of. */
export function systemsIn(file: StackFile | undefined): ReadonlySet<string> {
  const end = ":settings";
  const keys = [...(file?.entries.keys() ?? [])].filter((key) => key.endsWith(end));
  return new Set(keys.map((key) => key.slice(0, -end.length)));
}

/** A stack's file in a checkout's folder; undefined if it has none. */
export function fileOf(folder: string, stack: string): StackFile | undefined {
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  return existsSync(file) ? readStackFile(file) : undefined;
}

/** What a stack would have been if the systems had always been where they are now. @param stays - whether the newer commit has the stack */
export function withMoves(
  stack: string,
  own: readonly Rendered[],
  moves: readonly Move[],
  renders: ReadonlyMap<string, readonly Rendered[]>,
  stays: boolean,
): readonly Rendered[] {
  const away = moves.filter(({ from }) => from === stack);
  const gone = new Set(away.flatMap(({ system }) => inSystem(own, system)));
  // A stack that has gone with its last system takes its providers along.
  const isLeft = (one: Rendered): boolean => !gone.has(one) && (away.length === 0 || stays || !isProvider(one));
  const left = own.filter(isLeft);
  const come = moves
    .filter(({ to }) => to === stack)
    .flatMap(({ system, from }) => {
      const there = renders.get(from) ?? [];
      const moved = inSystem(there, system);
      const used = new Set(moved.map(({ provider }) => provider));
      return named([...moved, ...there.filter((one) => isProvider(one) && used.has(one.urn))], from, stack);
    });
  // Systems share providers.
  return [...new Map([...come, ...left].map((one) => [one.urn, one])).values()];
}

const isProvider = ({ type }: Rendered): boolean => type.startsWith("pulumi:providers:");

/** A system's top component and everything below it. */
export function inSystem(resources: readonly Rendered[], system: string): readonly Rendered[] {
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const topOf = (one: Rendered): Rendered => {
    const parent = byUrn.get(one.parent);
    return parent === undefined ? one : topOf(parent);
  };
  return resources.filter((one) => {
    const top = topOf(one);
    return top.name === system && top.type.startsWith("orrery:");
  });
}

/** The resources under the URNs that they would have in another stack. */
export function named(resources: readonly Rendered[], from: string, to: string): readonly Rendered[] {
  const [old, fresh] = [from, to].map((name) => `urn:pulumi:${name}::`) as [string, string];
  return JSON.parse(JSON.stringify(resources).replaceAll(old, fresh)) as Rendered[];
}
