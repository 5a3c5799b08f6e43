/** Help texts, from the declarations of the commands. */
import type { Command } from "./command.ts";
import { isMultiple, isRequired, type OptionSpec, placeholder } from "./options.ts";

const width = 110;

/** The first sentence of what a command does, without its full stop. */
export function summaryOf({ about }: Pick<Command, "about">): string {
  const text = about.trim().replaceAll(/\s+/g, " ");
  return (/^.*?(?<!e\.g)\.(?= |$)/.exec(text)?.[0] ?? text).replace(/\.$/, "");
}

/** The text of `orrery NAME --help`. */
export function helpOf(name: string, command: Command): string {
  const options = Object.entries({
    ...command.options,
    help: { type: "boolean", short: "h", help: "show this text" } satisfies OptionSpec,
  });
  return [
    usageLine(name, command),
    "",
    ...filled(command.about),
    "",
    "Options:",
    ...table(options.map(([option, spec]) => [head(option, spec), `${spec.help}${remarks(spec)}`])),
  ].join("\n");
}

/** Two columns; the second is filled. */
export function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const column = Math.min(28, Math.max(...rows.map(([left]) => left.length)) + 2);
  return rows.flatMap(([left, right]) => {
    const [first = "", ...more] = wrapped(right, width - column - 2);
    const indent = " ".repeat(column + 2);
    const begin = `  ${left.padEnd(column)}`;
    const own = left.length < column ? [`${begin}${first}`] : [begin, `${indent}${first}`];
    return [...own, ...more.map((line) => `${indent}${line}`)];
  });
}

function usageLine(name: string, { usage, options }: Command): string {
  const [own = "", rest] = usage.split(/(?:^| )(?=\[?-- )/);
  const flags = Object.entries(options).map(([option, spec]) => {
    const text = `--${option}${spec.type === "boolean" ? "" : ` ${placeholder(spec)}`}${isMultiple(spec) ? " ..." : ""}`;
    return isRequired(spec) ? text : `[${text}]`;
  });
  const required = flags.filter((flag) => !flag.startsWith("["));
  const optional = flags.filter((flag) => flag.startsWith("["));
  const words = [own, ...required, ...optional, rest ?? ""].filter((word) => word !== "");
  const begin = `Usage: npx orrery ${name}`;
  // An option and its value stay on one line.
  const lines = wrapped(words.map((word) => word.replaceAll(" ", "\0")).join(" "), width - 7 - begin.length, width - 9);
  return [begin, lines.join("\n         ").replaceAll("\0", " ")].join(" ").trimEnd();
}

function head(option: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "" : `-${spec.short}, `;
  return `${short}--${option}${spec.type === "boolean" ? "" : ` ${placeholder(spec)}`}`;
}

function remarks(spec: OptionSpec): string {
  if (spec.type === "boolean") return "";
  const choices = spec.type === "choice" && spec.value !== undefined ? ` (${spec.choices.join(", ")})` : "";
  const several = spec.multiple === true ? "; may be repeated" : "";
  return `${choices}${several}${spec.default === undefined || spec.default === "" ? "" : ` (default: ${spec.default})`}`;
}

/** Paragraphs are filled; lines that begin with a blank stay as they are. */
function filled(text: string): readonly string[] {
  return text
    .trim()
    .split(/\n{2,}/)
    .flatMap((paragraph, index) => {
      const lines = /^ /m.test(paragraph) ? paragraph.split("\n") : wrapped(paragraph.replaceAll(/\s+/g, " "), width);
      return index === 0 ? lines : ["", ...lines];
    });
}

/** Lines of at most `first` characters, then of `other` ones. */
function wrapped(text: string, first: number, other = first): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const limit = lines.length === 0 ? first : other;
    if (line !== "" && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
