/** Command lines: the program is in the image and accepts these flags and arguments, and scripts call known programs. */
import path from "node:path";
import { commandLine, flagValues, type Situation } from "./situation.ts";

const shells = ["sh", "bash"];

/** Problems of a container's command line, one phrase each. */
export function commandProblems(situation: Situation): readonly string[] {
  const { container, contract, reading } = situation;
  const declared = [...(container.command ?? []), ...(container.args ?? [])];
  if (container.command === undefined && contract.entry.command.length === 0)
    return ["declares no command, and the image has none"];
  if (container.command !== undefined) {
    const problems = callProblems(container.command.concat(container.args ?? []), situation, "command");
    if (problems.length > 0 || isScript(container.command)) return problems;
  }
  if (declared.length === 0) return requiredFlags(situation);
  const line = container.command === undefined ? (container.args ?? []) : commandLine(container, contract).slice(1);
  const separate = new Set(
    Object.entries(reading.flags ?? {})
      .filter(([, spec]) => "separate" in spec && spec.separate === true)
      .map(([name]) => name),
  );
  const problems: string[] = [];
  const words: string[] = [];
  for (let index = 0; index < line.length; index++) {
    const word = line[index] ?? "";
    if (!word.startsWith("-") || word === "-" || word === "--") {
      words.push(word);
      continue;
    }
    const [name = ""] = word.split("=");
    const spec = reading.flags?.[name];
    if (spec === undefined) problems.push(`flag ${name} is not known`);
    if (separate.has(name) && !word.includes("=")) index++;
  }
  const form = new RegExp(`^(?:${reading.words ?? ""})$`);
  if (!form.test(words.join(" ")))
    problems.push(`words "${words.join(" ")}" do not have the form ${reading.words ?? '""'}`);
  return [...problems, ...requiredFlags(situation)];
}

function requiredFlags(situation: Situation): readonly string[] {
  const { container, reading } = situation;
  return Object.entries(reading.flags ?? {}).flatMap(([name, spec]) => {
    const values = flagValues(situation, name);
    if (!("required" in spec) && !("form" in spec) && !("file" in spec)) return [];
    if (spec.required === true && values.length === 0)
      return [`flag ${name} is required and missing (${spec.at ?? ""})`];
    return values.flatMap((value) => {
      const problems: string[] = [];
      if (spec.form !== undefined && !new RegExp(spec.form).test(value))
        problems.push(`flag ${name}=${value} does not have the form ${spec.form} (${spec.at ?? ""})`);
      const there =
        container.files.has(value) ||
        container.mounts.some(({ path: at, kind }) =>
          kind === "files" ? at === value : `${value}/`.startsWith(`${at}/`),
        );
      if (spec.file === true && !there)
        problems.push(`flag ${name}=${value} is the path of a file that is not mounted (${spec.at ?? ""})`);
      return problems;
    });
  });
}

/** Problems of a call in a command, probe or hook: whether the image has the called program. */
export function callProblems(
  call: readonly string[],
  { contract, reading }: Situation,
  what: string,
): readonly string[] {
  const [first = ""] = call;
  const known = reading.commands ?? {};
  const own = contract.entry.command[0];
  if (!isScript(call)) {
    const there = first === own || first in known || path.basename(first) in known;
    const needs = known[first] ?? known[path.basename(first)];
    if (needs?.shell !== undefined)
      return [`${what} calls ${first} without ${needs.shell}, which alone finds it (${needs.at})`];
    return there ? [] : [`${what} calls ${first}, which is not known to be in the image`];
  }
  const script = call.at(-1) ?? "";
  const called = Object.entries(known).filter(([name]) =>
    new RegExp(`(^|[^\\w./-])${name.replace(/[.+?^${}()|[\]\\]/g, "\\$&")}($|[^\\w-])`).test(script),
  );
  if (called.length === 0) return [`${what} calls nothing that is known to be in the image`];
  return called
    .filter(([, { shell }]) => shell !== undefined && shell !== path.basename(first))
    .map(
      ([name, { shell, at }]) =>
        `${what} calls ${name} in ${path.basename(first)}; it is found in ${shell ?? ""} only (${at})`,
    );
}

/** Whether a call is a shell script. */
function isScript([first = "", ...rest]: readonly string[]): boolean {
  return shells.includes(path.basename(first)) && rest.some((word) => /^-[a-z]*c$/.test(word));
}
