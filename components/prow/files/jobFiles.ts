/** Files of jobs as Prow's reader takes them. */
import { isMap, LineCounter, parseDocument, visit } from "yaml";
import type { JobFile } from "./jobs.ts";

/** A job file's content. */
export interface ParsedFile {
  readonly file: JobFile;
  readonly content: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** All jobs of a file. */
export function jobsOf(content: Fields): readonly Fields[] {
  const byRepository = [content.presubmits, content.postsubmits].flatMap((one) => Object.values(fields(one)));
  return [...byRepository, content.periodics].flatMap((one) => list(one).map(fields));
}

/** Whether a job runs in Prow's own cluster, known by these contexts. Another one has Secrets and ConfigMaps of its own. */
export const runsHere = ({ cluster }: Fields, own: readonly string[]): boolean =>
  cluster === undefined || (typeof cluster === "string" && own.includes(cluster));

/** A job file that was read, what is wrong with it, and what Prow takes without a word. */
export interface Read {
  readonly file: JobFile;
  readonly content?: unknown;
  readonly problem?: string;
  readonly warnings: readonly string[];
}

/** Reads a file, by YAML 1.1 as Prow does. Of a key that a map has twice the last one counts, as for Prow. */
export function read(file: JobFile): Read {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { version: "1.1", uniqueKeys: false, lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const [at] = error.linePos ?? [];
    const where = at === undefined ? "" : `:${at.line}`;
    return { file, problem: `${file.path}${where} is no YAML: ${error.message.split("\n")[0] ?? ""}`, warnings: [] };
  }
  if (document.contents !== null && !isMap(document.contents)) {
    const problem = `${file.path} is no map of presubmits, postsubmits, periodics or presets`;
    return { file, problem, warnings: [] };
  }
  const warnings: string[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = String(key);
        const { range } = key as { range?: readonly [number, number, number] };
        if (seen.has(name)) {
          const { line } = lines.linePos(range?.[0] ?? 0);
          warnings.push(`${file.path}:${line} has ${name} a second time in one map; Prow takes this one`);
        }
        seen.add(name);
      }
    },
  });
  return { file, content: document.toJS({ maxAliasCount: -1 }) as unknown, warnings };
}
