/** The report of a run: tables in docs/performance.md between two marks, and plots next to it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../lab/settings.ts";
import { median } from "./figures.ts";
import { exponents, floor, own } from "./goals.ts";
import { type Growth, type Life, type Results, steps } from "./results.ts";
import { bars, type Group, type Line, lines } from "./svg.ts";
import { circumstancesLine, stepNames, tables } from "./tables.ts";

/** Where the figures of the last run that counts are. */
export const resultsFile = path.join(root, "docs", "performance.json");
const page = path.join(root, "docs", "performance.md");
const folder = path.join(root, "docs", "performance");

const [begin, end] = ["<!-- figures: npm run bench -- report -->", "<!-- end of the figures -->"] as const;

/** The page with the figures of a run between its marks. @throws if a mark is not there */
export function withFigures(text: string, results: Results): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no "${begin}" before "${end}"`);
  return `${text.slice(0, from)}${begin}\n\n${tables(results)}\n\n${images(results)}\n\n${text.slice(to)}`;
}

function images(results: Results): string {
  return [...plots(results).keys()].map((name) => `![${name.replace(".svg", "")}](performance/${name})`).join("\n\n");
}

/** The plots of a run by file name. */
export function plots(results: Results): ReadonlyMap<string, string> {
  const note = (of: string): string => circumstancesLine(results.circumstances, of);
  const found = new Map<string, string>();
  const { lives, diffs, growth } = results;
  if (lives.length > 0) {
    for (const step of steps) {
      const title = `Systems of stage, ${stepNames[step]}: seconds, less is better`;
      found.set(`${step}.svg`, bars(title, note("lives"), groupsOf(lives, step), "s"));
    }
  }
  if (diffs.length > 0) {
    const groups = diffs.map(({ stack, render, offline, kubectl }) => ({
      label: stack,
      bars: [
        { label: "render", value: median(render), colour: 2 as const },
        { label: "offline diff", value: median(offline), colour: 0 as const },
        { label: "kubectl diff", value: median(kubectl), colour: 1 as const },
      ],
    }));
    found.set(
      "diff.svg",
      bars("What would change? Seconds until the answer, less is better", note("diff"), groups, "s"),
    );
  }
  for (const [what, unit, value] of measures) {
    const all = linesOf(growth, value, what);
    const title = `Growth to ten times the size: ${what}, both axes logarithmic (exponent 1 is linear)`;
    if (all.length > 0) found.set(`growth-${what}.svg`, lines(title, note(""), all, unit, "resources"));
  }
  return found;
}

const measures = [
  ["time", "s", (one: Growth) => median(one.seconds)],
  ["memory", "MB", (one: Growth) => median(one.megabytes)],
] as const;

function groupsOf(lives: readonly Life[], step: (typeof steps)[number]): readonly Group[] {
  return [...Map.groupBy(lives, ({ system }) => system)].map(([system, all]) => ({
    label: system === "all" ? "all together" : system,
    bars: all.map(({ contestant, seconds }) => ({
      label: contestant,
      value: median(seconds[step] ?? []),
      colour: contestant === own ? 0 : contestant === floor ? 2 : 1,
    })),
  }));
}

function linesOf(growth: readonly Growth[], value: (one: Growth) => number, what: "time" | "memory"): readonly Line[] {
  return [...Map.groupBy(growth, (one) => one.what)].map(([name, rows], at) => ({
    label: `${name}, ${exponents(growth, name)[what].toFixed(2)}`,
    points: rows.map((one) => [one.resources, value(one)] as const),
    colour: (at % 3) as 0 | 1 | 2,
  }));
}

/** Writes page and plots. */
export function writeReport(results: Results): void {
  writeFileSync(page, withFigures(readFileSync(page, "utf8"), results));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of plots(results)) writeFileSync(path.join(folder, name), svg);
}
