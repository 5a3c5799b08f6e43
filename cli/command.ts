/** What a command is: its words, options, help text and typed values come from one declaration. */
import type { OptionSpecs, ValuesOf } from "./options.ts";
import { parseWords } from "./parse.ts";
import type { WordsOf } from "./usage.ts";

/** Declaration of a command. */
interface CommandSpec<Options extends OptionSpecs, Usage extends string> {
  /** Its words that are no options; see {@link WordsOf}. @default none */
  readonly usage?: Usage;
  /** What it does, in sentences; the first one is its line in lists. Lines are filled when they are shown. */
  readonly about: string;
  readonly options: Options;
  /**
   * Does the work.
   * @param rest - the words after `--`, where the usage has them
   * @returns the exit code
   * @throws with one clear message
   */
  run(values: ValuesOf<Options>, words: WordsOf<Usage>, rest: readonly string[]): Promise<number> | number;
}

/** What is done before a command's own work. @throws if the command must not be run now */
type BeforeCommand = (values: Readonly<Record<string, unknown>>) => Promise<void>;

/** A command as the front sees it. */
export interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options: OptionSpecs;
  /**
   * Reads the words after the command's own name.
   * @param before - is given the options' values before the work
   * @returns what does the work
   * @throws UsageError
   */
  prepare(args: readonly string[], before?: BeforeCommand): () => Promise<number>;
}

/** Declares a command; the file's path below `commands/` is its name. */
export function defineCommand<const Options extends OptionSpecs, const Usage extends string = "">(
  spec: CommandSpec<Options, Usage>,
): Command {
  const usage = spec.usage ?? "";
  return {
    usage,
    about: spec.about,
    options: spec.options,
    prepare(args, before) {
      const { values, words, rest } = parseWords(usage, spec.options, args);
      return async () => {
        await before?.(values);
        return spec.run(values as ValuesOf<Options>, words as WordsOf<Usage>, rest);
      };
    },
  };
}
