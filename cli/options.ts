/** How an option is declared, and the type of its value that follows from the declaration. */

interface Common {
  /** The line of `--help`; without a full stop. */
  readonly help: string;
  /** Its one-letter form. */
  readonly short?: string;
}

interface Valued extends Common {
  /** Stands for the value in `--help`; FILE and FOLDER make a shell complete paths. @default the kind's */
  readonly value?: string;
  /** Without it the command is not run. */
  readonly required?: true;
  /** May be given several times; the value is a list. */
  readonly multiple?: true;
}

/** One option. */
export type OptionSpec =
  | (Common & { readonly type: "boolean" })
  | (Valued & { readonly type: "string"; readonly default?: string })
  /** A whole number. */
  | (Valued & { readonly type: "integer"; readonly default?: number; readonly min?: number; readonly max?: number })
  /** Seconds of 90, 90s, 15m or 2h; the default is written so too. */
  | (Valued & { readonly type: "duration"; readonly default?: string })
  | (Valued & { readonly type: "choice"; readonly choices: readonly string[]; readonly default?: string });

/** Options by the name that follows the two dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type Single<Spec> = Spec extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Spec extends { readonly type: "integer" | "duration" }
    ? number
    : string;

type ValueOf<Spec> = Spec extends { readonly type: "boolean" }
  ? boolean
  : Spec extends { readonly multiple: true }
    ? readonly Single<Spec>[]
    : Spec extends { readonly required: true } | { readonly default: unknown }
      ? Single<Spec>
      : Single<Spec> | undefined;

type CamelCase<Name> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

/** Values of options: `--dry-run` is `dryRun`. */
export type ValuesOf<Specs> = { readonly [Name in keyof Specs as CamelCase<Name>]: ValueOf<Specs[Name]> };

/** `dryRun` of `dry-run`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What stands for an option's value in `--help`; nothing for a boolean. */
export function placeholder(spec: OptionSpec): string {
  switch (spec.type) {
    case "boolean":
      return "";
    case "choice":
      return spec.value ?? spec.choices.join("|");
    case "integer":
      return spec.value ?? "N";
    case "duration":
      return spec.value ?? "TIME";
    case "string":
      return spec.value ?? "TEXT";
  }
}

export const isRequired = (spec: OptionSpec): boolean => spec.type !== "boolean" && spec.required === true;
export const isMultiple = (spec: OptionSpec): boolean => spec.type !== "boolean" && spec.multiple === true;
