/** What a command is: its words, options, help text and typed values come from one declaration. */
import { isGroup } from "./group.ts";
import { camelCase, type OptionSpecs, type ValuesOf } from "./options.ts";
import { parseWords } from "./parse.ts";
import { UsageError, type WordsOf } from "./usage.ts";

/** Declaration of a command. */
interface CommandSpec<Options extends OptionSpecs, Usage extends string> {
  /** Its words that are no options; see {@link WordsOf}. @default none */
  readonly usage?: Usage;
  /** What it does, in sentences; the first one is its line in lists. Lines are filled when they are shown. */
  readonly about: string;
  readonly options: Options;
  /**
   * Whether `--stack` may be a pattern such as 'prod*': for a run a stack without these options, some at the same time or in turn, or as
   * the command itself reads it, always or with one of the options `itself`. @default it may not
   */
  readonly groups?:
    | {
        readonly without: readonly (string & keyof Options)[];
        readonly inTurn?: true;
        readonly itself?: readonly (string & keyof Options)[];
      }
    | "itself";
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

/** Does a command's work on every stack that the pattern matches. @returns the exit code */
type OnEach = (pattern: string, inTurn: boolean) => Promise<number>;

/** A command as the front sees it. */
export interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options: OptionSpecs;
  /**
   * Reads the words after the command's own name.
   * @param before - is given the options' values before the work
   * @param onEach - does the work on a group of stacks
   * @returns what does the work
   * @throws UsageError
   */
  prepare(args: readonly string[], before?: BeforeCommand, onEach?: OnEach): () => Promise<number>;
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
    prepare(args, before, onEach) {
      const { values, words, rest } = parseWords(usage, spec.options, args);
      if (isGroup(values.stack) && spec.groups !== "itself") {
        const pattern = values.stack;
        if (onEach === undefined || spec.groups === undefined)
          throw new UsageError(`--stack names one stack here, not ${pattern}`);
        const { without, inTurn = false, itself = [] } = spec.groups;
        const given = (option: string): boolean => isGiven(values[camelCase(option)]);
        const alone = without.find(given);
        if (alone !== undefined) throw new UsageError(`--${alone} is for one stack, not for ${pattern}`);
        if (!itself.some(given)) return () => onEach(pattern, inTurn);
      }
      return async () => {
        await before?.(values);
        return spec.run(values as ValuesOf<Options>, words as WordsOf<Usage>, rest);
      };
    },
  };
}

/** Whether an option is on the command line; one that may be repeated is a list. */
function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : (value ?? false) !== false;
}
