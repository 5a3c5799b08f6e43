/** The report of a pull request: Markdown that fits into one comment. */
import { declaredQuotas } from "../declaredQuotas.ts";
import { demandChanges, measures } from "../demand.ts";
import type { Rendered } from "../evaluate/render.ts";
import { exceeds, type LiveQuota, quotaText } from "../liveQuota.ts";
import { risksOf } from "../risks/index.ts";
import type { MovedSecret } from "../compareCommits.ts";
import type { Move } from "../movedSystems.ts";
import type { Change, Operation } from "../diff/compare.ts";
import { changeTitle, diffLines, fenced, isComponent, operations, systemOf, verbs } from "./format.ts";

/** First line of a report. */
const title = "## What this changes";

/** Characters of a report; GitHub's limit is 65536, and it adds some itself. */
const limit = 60_000;

/** The changes of one stack. */
export interface StackReview {
  readonly stack: string;
  readonly changes: readonly Change[];
  /** @default none */
  readonly moved?: readonly MovedSecret[];
  /** Systems that came from another stack. @default none */
  readonly arrived?: readonly Move[];
  /** All resources of the newer side, for what the stack asks for in all. @default not said */
  readonly resources?: readonly Rendered[];
  /** What clusters and clouds have left for the change. @default they were not asked */
  readonly quota?: LiveQuota;
}

/** Number of resources by operation. */
type Counts = Readonly<Record<Operation, number>>;

/** Changed resources without components, which only group them. */
function realChanges(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ type }) => !isComponent(type));
}

function count(changes: readonly Change[]): Counts {
  const of = (operation: Operation): number => changes.filter((one) => one.operation === operation).length;
  return { create: of("create"), update: of("update"), replace: of("replace"), delete: of("delete"), keep: of("keep") };
}

/** `2 to create, 1 to replace`; empty when nothing changes. */
function countText(counts: Counts): string {
  return operations
    .filter((operation) => counts[operation] > 0)
    .map((operation) => {
      const text =
        operation === "keep" ? `${counts.keep} with changed options` : `${counts[operation]} to ${operation}`;
      return operation === "replace" || operation === "delete" ? `**${text}**` : text;
    })
    .join(", ");
}

/** `1 to replace, 2 to create` for all stacks, in plain text. */
export function summaryLine(stacks: readonly StackReview[]): string {
  const text = countText(count(stacks.flatMap(({ changes }) => realChanges(changes)))).replaceAll("**", "");
  return text === "" ? "nothing changes" : text;
}

interface ReportOptions {
  /** What could not be compared. @default nothing */
  readonly notes?: readonly string[];
  /** Whether the renders are a stranger's; then none of their texts mentions or commands anybody. @default false */
  readonly untrusted?: boolean;
}

/** The whole report. `base` and `head` name the commits. */
export function markdown(
  stacks: readonly StackReview[],
  base: string,
  head: string,
  { notes = [], untrusted = false }: ReportOptions = {},
): string {
  const quote = untrusted ? inert : (text: string): string => text;
  const all = stacks.map(({ stack, changes }) => ({ stack, changes: realChanges(changes) }));
  const found = all.flatMap(({ stack, changes }) =>
    changes.flatMap((one) =>
      risksOf(one).map((reason) => quote(`- \`${stack}\` ${inCode(changeTitle(one))}: ${escaped(reason)}`)),
    ),
  );
  const moved = stacks.flatMap(({ stack, moved = [] }) =>
    moved.map(({ key, from }) =>
      quote(`- \`${stack}\` ${inCode(key)}: has the ciphertext that ${inCode(from)} had; was it swapped or copied?`),
    ),
  );
  const risks = [...moved, ...found];
  const changed = all.filter(({ changes }) => changes.length > 0);
  const unchanged = all.filter(({ changes }) => changes.length === 0).map(({ stack }) => stack);
  const total = countText(count(all.flatMap(({ changes }) => changes)));
  const warning = risks.length > 0 ? `; :no_entry: **${risks.length} to check before merging**` : "";
  const top = [
    title,
    "",
    total === ""
      ? `Nothing in any stack (${unchanged.join(", ")})${moved.length > 0 ? "" : "."}${warning}`
      : `${total}${warning}`,
    ...(changed.length === 0 ? [] : ["", ...table(changed)]),
    ...(changed.length > 0 && unchanged.length > 0 ? ["", `Nothing changes in ${unchanged.join(", ")}.`] : []),
    ...arrivals(stacks),
    ...demandTable(stacks),
    ...liveQuotaTable(stacks),
    ...(risks.length === 0 ? [] : ["", "### :no_entry: Check before merging", "", ...limited(risks, 60)]),
  ];
  const asked = stacks.some(({ quota }) => quota !== undefined);
  const bottom = [
    "",
    ...notes.map((note) => `> ${escaped(note)}`),
    `<sub>Compares the program at ${base} with the program at ${head}, offline, ${asked ? "contacting clusters and clouds about their quotas only" : "without contacting a cloud or reading a secret"}. A live preview compares the program with the state.</sub>`,
    "",
  ];
  const left = limit - [...top, ...bottom].join("\n").length;
  return [...top, ...details(changed, left, quote), ...bottom].join("\n");
}

function table(stacks: readonly StackReview[]): readonly string[] {
  const rows = stacks.flatMap(({ stack, changes }) =>
    bySystem(changes).map(([system, own]) => {
      const counts = count(own);
      const cells = operations.map((operation) => (counts[operation] === 0 ? "" : String(counts[operation])));
      return `| ${[stack, system, ...cells].join(" | ")} |`;
    }),
  );
  const head = ["stack", "system", ...operations.map((operation) => verbs[operation])];
  return [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...rows];
}

/** Moved systems; an update refuses one whose state has not moved. */
function arrivals(stacks: readonly StackReview[]): readonly string[] {
  const all = stacks.flatMap(({ arrived = [] }) => arrived);
  const lines = all.map(({ system, from, to }) => `- ${system} moves from \`${from}\` to \`${to}\``);
  return all.length === 0
    ? []
    : [
        "",
        "Moved by `config split`, and compared as if they had always been there; an update is refused if the state has not moved:",
        "",
        ...lines,
      ];
}

/** What the stacks ask for, where that changes. */
function demandTable(stacks: readonly StackReview[]): readonly string[] {
  const number = (value: number): string => String(Math.round(value * 100) / 100);
  const rows = stacks.flatMap(({ stack, changes, resources = [] }) =>
    demandChanges(changes, resources).map(
      ({ measure, before, after }) => `| ${stack} | ${measures[measure]} | ${number(before)} | ${number(after)} |`,
    ),
  );
  const quotas = stacks.flatMap(({ stack, changes, resources = [] }) =>
    declaredQuotas(changes, resources).map(({ namespace, measure, need, quota }) => {
      const verdict = need > quota + 1e-9 ? "**more than its quota: pods or claims will be refused**" : "fits";
      return `| ${stack} | ${namespace} | ${measures[measure]} | ${number(need)} | ${number(quota)} | ${verdict} |`;
    }),
  );
  if (rows.length === 0 && quotas.length === 0) return [];
  return [
    "",
    "### What it asks for",
    ...(rows.length === 0 ? [] : ["", "| stack | | before | after |", "| --- | --- | --- | --- |", ...rows]),
    ...(quotas.length === 0
      ? []
      : [
          ...["", "Against the quotas that the stacks declare:", ""],
          ...["| stack | namespace | | asks for | quota | |", "| --- | --- | --- | --- | --- | --- |", ...quotas],
        ]),
    ...(stacks.some(({ quota }) => quota !== undefined)
      ? []
      : ["", "Only the clusters and clouds know their own quotas: `npx orrery quota --stack STACK` compares."]),
  ];
}

/** What the change asks for on top of what is in use, where clusters and clouds were asked. */
function liveQuotaTable(stacks: readonly StackReview[]): readonly string[] {
  const rows = stacks.flatMap(({ stack, quota }) =>
    (quota?.rows ?? []).map((row) => {
      const [more, left] = [row.more, row.left].map((value) => quotaText(row.target, row.name, value));
      const verdict = exceeds(row) ? "**more than is left**" : "fits";
      return `| ${stack} | ${escaped(row.target)} | ${escaped(row.name)} | ${more} | ${left} | ${verdict} |`;
    }),
  );
  const missing = stacks.flatMap(({ stack, quota }) =>
    (quota?.notCompared ?? []).map(
      ({ target, text }) => `- \`${stack}\` ${escaped(target)}: not compared: ${escaped(text)}`,
    ),
  );
  const asked = stacks.some(({ quota }) => quota !== undefined);
  if (!asked) return [];
  return [
    ...["", "### What is left of the quotas"],
    ...(rows.length === 0
      ? []
      : ["", "| stack | where | | asks for more | left | |", "| --- | --- | --- | --- | --- | --- |", ...rows]),
    ...(rows.length + missing.length > 0 ? [] : ["", "The change asks for nothing more of any quota."]),
    ...(missing.length === 0 ? [] : ["", ...missing]),
  ];
}

function bySystem(changes: readonly Change[]): readonly (readonly [string, readonly Change[]])[] {
  const groups = Map.groupBy(changes, ({ urn }) => systemOf(urn));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A folded block for each system of each stack, replacements and deletions first, until the characters are used up. */
function details(
  stacks: readonly StackReview[],
  characters: number,
  quote: (text: string) => string,
): readonly string[] {
  let left = characters;
  let omitted = 0;
  const lines: string[] = [];
  for (const { stack, changes } of stacks) {
    for (const [system, own] of bySystem(changes)) {
      const blocks: string[] = [];
      for (const one of own.toSorted((a, b) => operations.indexOf(a.operation) - operations.indexOf(b.operation))) {
        const full = quote(resourceBlock(one));
        if (full.length + 300 > left) {
          omitted++;
          continue;
        }
        left -= full.length + 1;
        blocks.push(full);
      }
      const summary = `<summary>${stack}, ${system}: ${countText(count(own)).replaceAll("**", "")}</summary>`;
      left -= summary.length + 40;
      if (blocks.length > 0) lines.push("", "<details>", summary, "", ...blocks, "</details>");
    }
  }
  if (omitted > 0) lines.push("", `${omitted} more resources change; the HTML page of this report shows all of them.`);
  return lines;
}

function resourceBlock(one: Change): string {
  const reasons = risksOf(one).map((reason) => ` :no_entry: ${escaped(reason)}`);
  const lines = diffLines(one);
  const title = `**${verbs[one.operation]}** ${inCode(changeTitle(one))}${reasons.join("")}`;
  if (lines.length === 0) return `${title}\n`;
  return [title, "", ...fenced(lines), ""].join("\n");
}

function inCode(text: string): string {
  return `\`${oneLine(text).replaceAll("`", "'")}\``;
}

/** Foreign text within our Markdown, without markup, links and mentions. */
function escaped(text: string): string {
  return (
    oneLine(text)
      // GitHub looks for these in the text that is shown, where an entity would be what it stands for.
      .replaceAll(/[@#]|:(?=\/\/)|www(?=\.)/gi, (sign) => `${sign}${zeroWidth}`)
      .replaceAll(/[\\`*_<>|[\]]/g, (sign) => `&${entities[sign] ?? ""};`)
  );
}

/** Named ones: a number's # would be taken for one of an issue. */
const entities: Readonly<Record<string, string>> = {
  ...{ "\\": "bsol", "`": "grave", "*": "ast", _: "lowbar", "<": "lt", ">": "gt", "|": "vert" },
  ...{ "[": "lbrack", "]": "rbrack" },
};

/** The text without what ends a line, for Markdown or for a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

const zeroWidth = "\u200b";

/** The text with a zero-width space after each `@` and before each `/` that begins a line: bots read the raw text, code blocks too. */
function inert(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replaceAll(/@(?!\u200b)/g, `@${zeroWidth}`)
    .replaceAll(/^([^\p{L}\p{N}\n/]*)\//gmu, `$1${zeroWidth}/`);
}

function limited(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `- and ${lines.length - most} more`];
}
