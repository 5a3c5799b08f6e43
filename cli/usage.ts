/** The words of a command line that are no options: declared as they stand in its usage line. */

type Split<Text extends string> = Text extends `${infer Head} ${infer Tail}`
  ? [Head, ...Split<Tail>]
  : Text extends ""
    ? []
    : [Text];

type Word<Name extends string> = Name extends `${infer One}|${infer Rest}`
  ? One | Word<Rest>
  : Name extends Uppercase<Name>
    ? string
    : Name;

type Words<Names> = Names extends readonly [infer Name extends string, ...infer Rest]
  ? Name extends "--" | "[--"
    ? []
    : Name extends `[${string}...]`
      ? readonly string[]
      : Name extends `${string}...`
        ? readonly [string, ...string[]]
        : Name extends `[${infer Optional}]`
          ? readonly [Word<Optional>?, ...Words<Rest>]
          : readonly [Word<Name>, ...Words<Rest>]
  : readonly [];

/** Types of the words that a usage line names: `get|set [USER]` is `["get" | "set", string?]`. */
export type WordsOf<Usage extends string> = Words<Split<Usage>>;

/** One word of a usage line. */
export interface WordSpec {
  /** As `--help` shows it, without brackets and dots. */
  readonly name: string;
  readonly optional: boolean;
  /** Takes all words that are left. */
  readonly many: boolean;
  /** The words that it may be; empty if it may be any. */
  readonly choices: readonly string[];
}

/**
 * Reads a usage line: `USER`, `[USER]`, `USER...`, `[USER...]`, `get|set`, and `-- ARGUMENTS` or `[-- ARGUMENTS]` if the words after `--` are
 * for another program.
 */
export function wordSpecs(usage: string): { readonly words: readonly WordSpec[]; readonly rest: boolean } {
  const [own = "", ...rest] = usage.split(/(?:^| )\[?-- /);
  const words = own
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const name = word.replaceAll(/^\[|\]$|\.\.\.\]?$/g, "");
      const choices = name === name.toUpperCase() ? [] : name.split("|");
      return { name, optional: word.startsWith("["), many: /\.\.\.\]?$/.test(word), choices };
    });
  return { words, rest: rest.length > 0 };
}

/** The command line is not one that the command understands; exit code 2. */
export class UsageError extends Error {}
