/** The report on two stacks, as Markdown: which settings differ, and which resources because of them. */
import type { StackDifference } from "../compareStacks.ts";
import type { Change } from "../diff/compare.ts";
import { pathText } from "../diff/fields.ts";
import { changeTitle, diffLines, fenced, formatValue, isComponent, systemOf } from "./format.ts";

/** Longest value in the table of settings, in characters. */
const longest = 80;

/** The whole report. */
export function stacksMarkdown({ stacks: [one, other], alone, settings, changes }: StackDifference): string {
  const real = changes.filter(({ type }) => !isComponent(type));
  return [
    `## ${one} and ${other}`,
    "",
    ...[...Map.groupBy(alone, ({ stack }) => stack)].flatMap(([stack, own]) => [
      `Only ${stack} has ${own.map(({ system }) => system).join(", ")}: left out here.`,
      "",
    ]),
    "### Settings that differ",
    "",
    ...(settings.length === 0 ? ["None."] : [`| setting | ${one} | ${other} |`, "| --- | --- | --- |"]),
    ...settings.map(
      ({ key, path, before, after }) =>
        `| ${code([key, ...(path.length === 0 ? [] : [pathText(path)])].join("."))} | ${cell(before)} | ${cell(after)} |`,
    ),
    "",
    "### Resources that differ",
    "",
    ...resources(real, one, other),
    "",
    `<sub>Compares both stacks as the working tree declares them, offline, without contacting a cloud or reading a secret.</sub>`,
    "",
  ].join("\n");
}

function resources(changes: readonly Change[], one: string, other: string): readonly string[] {
  if (changes.length === 0) return ["None."];
  const systems = [...Map.groupBy(changes, ({ urn }) => systemOf(urn))].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = systems.map(([system, own]) => {
    const [first, second] = [own.filter(({ after }) => !after), own.filter(({ before }) => !before)];
    return `| ${system} | ${own.length - first.length - second.length} | ${first.length} | ${second.length} |`;
  });
  const head = [`| system | in both, different | only in ${one} | only in ${other} |`, "| --- | --- | --- | --- |"];
  return [...head, ...rows, ...systems.flatMap(([system, own]) => block(system, own, one, other))];
}

function block(system: string, changes: readonly Change[], one: string, other: string): readonly string[] {
  const list = (title: string, all: readonly Change[]): readonly string[] =>
    all.length === 0 ? [] : [`**${title}**`, "", ...all.map((change) => `- ${code(changeTitle(change))}`), ""];
  const both = changes.filter(({ before, after }) => before !== undefined && after !== undefined);
  return [
    ...["", "<details>", `<summary>${system}</summary>`, ""],
    ...both.flatMap((change) => ["", code(changeTitle(change)), "", ...fenced(diffLines(change)), ""]),
    ...list(
      `Only in ${one}`,
      changes.filter(({ after }) => after === undefined),
    ),
    ...list(
      `Only in ${other}`,
      changes.filter(({ before }) => before === undefined),
    ),
    "</details>",
  ];
}

function cell(value: unknown): string {
  if (value === undefined) return "";
  const text = formatValue(value).replaceAll(/\s+/g, " ");
  return code(text.length <= longest ? text : `${text.slice(0, longest)}...`);
}

const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
