/** Completion for shells, generated from the declarations of the commands. */
import { stackNames } from "../config/stackFile.ts";
import { groupSummary, type NamedCommand } from "./find.ts";
import { summaryOf } from "./help.ts";
import { type OptionSpec, placeholder } from "./options.ts";
import { wordSpecs } from "./usage.ts";

export const shells = ["bash", "zsh", "fish"] as const;

/** What follows a command or an option: fixed words, paths, or something that nobody can list. */
type Values = readonly string[] | "paths" | undefined;

function valuesOf(name: string, spec: OptionSpec): Values {
  if (spec.type === "choice") return spec.choices;
  if (name === "stack") return stackNames();
  return /^(FILE|FOLDER)$/.test(placeholder(spec)) ? "paths" : undefined;
}

/** The words that may follow these ones. */
interface Step {
  readonly after: string;
  readonly values: Values;
}

/** Names of the commands below each group. */
function groupsOf(commands: readonly NamedCommand[]): ReadonlyMap<string, readonly string[]> {
  const pairs = commands.map(({ name }) => name.split(" ")).filter(([, own]) => own !== undefined);
  return new Map(
    [...Map.groupBy(pairs, ([group = ""]) => group)].map(([group, all]) => [group, all.map(([, own = ""]) => own)]),
  );
}

const topsOf = (commands: readonly NamedCommand[]): readonly string[] => [
  ...new Set(commands.map(({ name }) => name.split(" ")[0] ?? "")),
];

/** The script for a shell. */
export function completionScript(shell: (typeof shells)[number], commands: readonly NamedCommand[]): string {
  return shell === "fish" ? fish(commands) : `${candidates(commands)}\n${shell === "bash" ? bash : zsh}`;
}

/** Everything after which something fixed follows, as arms of a shell's `case`. */
function candidates(commands: readonly NamedCommand[]): string {
  const steps: Step[] = commands.flatMap(({ name, command }) =>
    Object.entries(command.options).flatMap(([option, spec]): readonly Step[] => {
      if (spec.type === "boolean") return [];
      const long = { after: `${name} --${option}`, values: valuesOf(option, spec) };
      return spec.short === undefined ? [long] : [long, { ...long, after: `${name} -${spec.short}` }];
    }),
  );
  const arms = (all: readonly Step[]): string =>
    [...Map.groupBy(all, ({ values }) => (values === "paths" ? "@paths" : (values ?? []).join(" ")))]
      .map(
        ([values, same]) =>
          `    ${same.map(({ after }) => quoted(after)).join(" | ")}) echo ${quoted(values)}; return ;;`,
      )
      .join("\n");
  const options: Step[] = commands.map(({ name, command }) => ({
    after: name,
    values: [
      ...(wordSpecs(command.usage).words[0]?.choices ?? []),
      ...Object.keys(command.options).map((option) => `--${option}`),
      "--help",
    ],
  }));
  const groups: Step[] = [...groupsOf(commands)].map(([after, values]) => ({ after, values: [...values, "--help"] }));
  const names = commands.map(({ name }) => quoted(name)).join(" | ");
  return `# Prints what may follow the words of a command line; @paths stands for files and folders.
_orrery_candidates() {
  if [ $# -eq 0 ]; then echo ${quoted([...topsOf(commands), "--help", "--version"].join(" "))}; return; fi
  local command="$1" last=""
  case "$1 $2" in ${names}) command="$1 $2" ;; esac
  for last in "$@"; do :; done
  case "$command $last" in
${arms(steps)}
  esac
  if [ $# -eq 1 ]; then
    case "$1" in
${arms(groups).replaceAll(/^/gm, "  ")}
    esac
  fi
  case "$command" in
${arms(options)}
  esac
}`;
}

const bash = `
_orrery() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  words="$(_orrery_candidates "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  if [ "$words" = @paths ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -o filenames -F _orrery orrery`;

const zsh = `
_orrery() {
  local candidates="$(_orrery_candidates "\${(@)words[2,CURRENT-1]}")"
  if [[ "$candidates" == @paths ]]; then _files; else compadd -- \${=candidates}; fi
}
compdef _orrery orrery`;

/** fish shows summaries next to the words. */
function fish(commands: readonly NamedCommand[]): string {
  const own = new Map(commands.map(({ name, command }) => [name, command]));
  const summary = (name: string): string => {
    const command = own.get(name);
    return command === undefined ? groupSummary(name) : summaryOf(command);
  };
  const word = (condition: string, text: string, about: string): string =>
    `complete -c orrery -n ${quoted(condition)} -a ${quoted(text)} -d ${quoted(about)}`;
  return [
    `# Whether the command line begins with these words.
function __orrery_at
  set -l words (commandline -opc)[2..-1]
  set -l own (string split ' ' -- $argv)
  set -l count (count $own)
  test (count $words) -ge $count; and test "$words[1..$count]" = "$own"
end
function __orrery_words
  test (count (commandline -opc)) -eq (math $argv[1] + 1)
end
complete -c orrery -f`,
    ...topsOf(commands).map((name) => word("__orrery_words 0", name, summary(name))),
    ...[...groupsOf(commands)].flatMap(([group, names]) =>
      names.map((name) => word(`__orrery_words 1; and __orrery_at ${group}`, name, summary(`${group} ${name}`))),
    ),
    ...commands.flatMap(({ name, command }) => [
      ...(wordSpecs(command.usage).words[0]?.choices ?? []).map((choice) =>
        word(`__orrery_words ${name.split(" ").length}; and __orrery_at ${name}`, choice, ""),
      ),
      ...Object.entries(command.options).map(([option, spec]) => fishOption(name, option, spec)),
    ]),
  ].join("\n");
}

function fishOption(command: string, option: string, spec: OptionSpec): string {
  const values = spec.type === "boolean" ? undefined : valuesOf(option, spec);
  const fixed = values === undefined || values === "paths" ? "" : ` -a ${quoted(values.join(" "))}`;
  const kind = spec.type === "boolean" ? "" : values === "paths" ? " -r -F" : ` -x${fixed}`;
  const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
  return `complete -c orrery -n ${quoted(`__orrery_at ${command}`)} -l ${option}${short}${kind} -d ${quoted(spec.help)}`;
}

/** One word of a shell, for bash, zsh and fish alike: fish knows no '\\''. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`;
}
