/** What a day-2 command is, and how it says that it cannot go on. */
import type { ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../cli/usageError.ts";
import type { KubectlValues } from "./kubectl.ts";
import type { StackValues } from "./lib/stack.ts";

/** Values of the options, as node's parseArgs gives them. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>> &
  StackValues &
  KubectlValues;

/** What a command was called with. */
export interface Call {
  readonly values: Values;
  /** Words that are no options. */
  readonly words: readonly string[];
  /** Everything after `--`, untouched. */
  readonly rest: readonly string[];
}

/** One day-2 command: `npm run ops -- <system> <command>`. */
export interface Command {
  /** The text of `--help`; its first line is the usage. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** Does the work. @returns the exit code. @throws with one clear message */
  run(call: Call): Promise<number>;
}

/** One line about a command, and where it is. */
export interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

export { UsageError };

/** An option's text. */
export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** An option that may be given several times. */
export function texts(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Seconds of a duration: 90, 90s, 15m, 2h. @throws UsageError */
export function duration(values: Values, name: string, otherwise: string): number {
  const given = text(values, name) ?? otherwise;
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(given) ?? [];
  if (count === undefined) throw new UsageError(`--${name} is "${given}"; give a duration such as 90s, 15m or 2h`);
  return Number(count) * { s: 1, m: 60, h: 3600, "": 1 }[unit as "s" | "m" | "h" | ""];
}
