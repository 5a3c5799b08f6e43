/** Reads the words of a command line by the command's declaration. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { suggest } from "../config/problems.ts";
import { stackNames } from "../config/stackFile.ts";
import { camelCase, isMultiple, isRequired, type OptionSpec, type OptionSpecs, placeholder } from "./options.ts";
import { UsageError, wordSpecs } from "./usage.ts";

/** A command line that fits the declaration. */
interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  readonly rest: readonly string[];
}

/** @throws UsageError that names the option or word that is wrong or missing */
export function parseWords(usage: string, options: OptionSpecs, args: readonly string[]): Parsed {
  const spec = wordSpecs(usage);
  const end = args.indexOf("--");
  const [own, rest] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  const { values: given, positionals } = parsed(options, own);
  if (rest.length > 0 && !spec.rest) throw new UsageError(`unexpected "${rest.join(" ")}" after --`);
  checkWords(spec.words, positionals);
  const values = Object.entries(options).map(([name, option]) => [camelCase(name), valueOf(name, option, given[name])]);
  return { values: Object.fromEntries(values) as Parsed["values"], words: positionals, rest };
}

type Given = string | boolean | (string | boolean)[] | undefined;

function parsed(
  options: OptionSpecs,
  args: readonly string[],
): { readonly values: Readonly<Record<string, Given>>; readonly positionals: readonly string[] } {
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(options).map(([name, spec]) => {
      const type = spec.type === "boolean" ? ("boolean" as const) : ("string" as const);
      return [name, { type, multiple: isMultiple(spec), ...(spec.short === undefined ? {} : { short: spec.short }) }];
    }),
  );
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: config });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '(-[^' ]+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(valueProblem(message, options));
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`there is no option ${unknown}${unknown.startsWith("--") ? suggest(unknown, known) : ""}`);
  }
}

/** What Node says of an option's value, in this project's words. */
function valueProblem(message: string, options: OptionSpecs): string {
  const [, name = ""] = /^Option '(?:-\w, )?--([\w-]+)/.exec(message) ?? [];
  const spec = options[name];
  if (spec === undefined) return message.split("\n")[0] ?? "";
  if (spec.type === "boolean") return `--${name} takes no value`;
  const value = placeholder(spec);
  return message.includes("ambiguous")
    ? `--${name} ${value}: another option follows; a value that begins with - is written --${name}=VALUE`
    : `--${name} ${value} has no value: ${spec.help}`;
}

function checkWords(specs: ReturnType<typeof wordSpecs>["words"], given: readonly string[]): void {
  for (const [index, { name, optional, choices }] of specs.entries()) {
    const word = given[index];
    if (word === undefined) {
      if (!optional)
        throw new UsageError(choices.length > 0 ? `say ${name.split("|").join(" or ")}` : `${name} is missing`);
    } else if (choices.length > 0 && !choices.includes(word)) {
      throw new UsageError(`"${word}" is not one of ${choices.join(", ")}${suggest(word, choices)}`);
    }
  }
  const extra = given[specs.length];
  if (extra !== undefined && specs.at(-1)?.many !== true) throw new UsageError(`unexpected "${extra}"`);
}

/** An option's value in its own type. @throws UsageError */
function valueOf(name: string, spec: OptionSpec, given: Given): unknown {
  if (spec.type === "boolean") return given === true;
  if (spec.multiple === true) {
    const all = (Array.isArray(given) ? given : []).map((one) => convert(name, spec, String(one)));
    if (all.length === 0 && isRequired(spec)) throw missing(name, spec);
    return all;
  }
  if (typeof given === "string") return convert(name, spec, given);
  if (isRequired(spec)) throw missing(name, spec);
  return spec.default === undefined ? undefined : convert(name, spec, String(spec.default));
}

function missing(name: string, spec: OptionSpec): UsageError {
  const stacks = name === "stack" ? `; there are ${stackNames().join(", ")}` : "";
  return new UsageError(`--${name} ${placeholder(spec)} is missing: ${spec.help}${stacks}`);
}

function convert(name: string, spec: Exclude<OptionSpec, { type: "boolean" }>, text: string): string | number {
  switch (spec.type) {
    case "string":
      return text;
    case "choice":
      if (spec.choices.includes(text)) return text;
      throw new UsageError(`--${name} is "${text}"; it takes ${spec.choices.join(", ")}${suggest(text, spec.choices)}`);
    case "duration":
      return seconds(name, text);
    case "integer":
      return integer(name, spec, text);
  }
}

function integer(name: string, { min, max }: { readonly min?: number; readonly max?: number }, text: string): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number) || number < (min ?? number) || number > (max ?? number)) {
    const range = `${min === undefined ? "" : ` from ${min}`}${max === undefined ? "" : ` to ${max}`}`;
    throw new UsageError(`--${name} is "${text}"; give a whole number${range}`);
  }
  return number;
}

/** Seconds of 90, 90s, 15m, 2h. @throws UsageError */
function seconds(name: string, text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`--${name} is "${text}"; give a duration such as 90s, 15m or 2h`);
  return Number(count) * { s: 1, m: 60, h: 3600, "": 1 }[unit as "s" | "m" | "h" | ""];
}
