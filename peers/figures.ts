/** Figures of the suites' last whole runs, committed, and the table that docs/lab.md has of them. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { projectDir } from "../config/stackFile.ts";
import { type Class, classes, type Verdict } from "./expected.ts";

/** One suite's figures. */
export interface Figures {
  readonly version: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failed: Partial<Record<Class, number>>;
  /** Failures that no list has: they are for the next change. @default 0 */
  readonly unexplained?: number;
  /** Tests that the run did not reach. @default 0 */
  readonly left?: number;
}

/** Figures by suite. */
export type AllFigures = Readonly<Record<string, Figures>>;

const figuresFile = path.join(import.meta.dirname, "figures.json");
const docsFile = path.join(projectDir, "docs", "lab.md");
const [begin, end] = ["<!-- peers: npm run peers -- --docs -->", "<!-- /peers -->"];

const readFigures = (): AllFigures => JSON.parse(readFileSync(figuresFile, "utf8")) as AllFigures;

/** What a verdict leaves in the figures. */
export function figuresOf(version: string, { passed, skipped, failed, unexpected, left }: Verdict): Figures {
  const unexplained = unexpected.length;
  return {
    version,
    passed,
    skipped,
    failed,
    ...(unexplained > 0 ? { unexplained } : {}),
    ...(left > 0 ? { left } : {}),
  };
}

/** Saves the figures and writes their table. */
export async function writeFigures(more: AllFigures): Promise<void> {
  const all = { ...readFigures(), ...more };
  writeFileSync(figuresFile, `${JSON.stringify(all, undefined, 2)}\n`);
  writeFileSync(docsFile, await withTable(readFileSync(docsFile, "utf8"), all));
}

/** A document with the table of these figures in it. @throws if it has no place for one */
export async function withTable(text: string, all: AllFigures): Promise<string> {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/lab.md lacks ${begin} and ${end}`);
  const made = `${text.slice(0, from)}${begin}\n\n${table(all)}\n\n${share(all)}\n\n${text.slice(to)}`;
  return format(made, { parser: "markdown", printWidth: 120 });
}

function table(all: AllFigures): string {
  const kinds = Object.entries(classes) as [Class, string][];
  const columns = ["suite", "version", "run", "passed", ...kinds.map(([, title]) => `failed: ${title}`)];
  const more = ["failed: not explained", "skipped by itself", "not reached"];
  const rows = Object.entries(all).map(([suite, { version, passed, skipped, failed, unexplained = 0, left = 0 }]) => {
    const reasons = kinds.map(([kind]) => failed[kind] ?? 0);
    const run = reasons.reduce((sum, one) => sum + one, passed + unexplained);
    return [suite, version, run, passed, ...reasons, unexplained, skipped, left];
  });
  return [[...columns, ...more], columns.concat(more).map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** How many of the tests that the lab can run passed: those that neither a limit of its own nor the lack of the internet stops. */
function share(all: AllFigures): string {
  let [passed, able] = [0, 0];
  for (const { passed: good, failed, unexplained = 0 } of Object.values(all)) {
    passed += good;
    able += good + (failed.service ?? 0) + (failed.test ?? 0) + unexplained;
  }
  const percent = ((100 * passed) / able).toFixed(1);
  return `Of the ${able} tests that ran and that the lab can run (no limit of its own, no need of the internet) ${passed} passed: ${percent} %.`;
}
