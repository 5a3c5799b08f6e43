/** The diary that the tests' tasks write: a line `begin N` or `end N` each time. */
import { readFileSync } from "node:fs";

/** What happened to the tasks: how often each began and ended. */
export type Diary = ReadonlyMap<number, { readonly begun: number; readonly ended: number }>;

/** What the diary in a file says. */
export function readDiary(file: string): Diary {
  const entries = new Map<number, { begun: number; ended: number }>();
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    const [word, number] = line.split(" ");
    if (number === undefined) continue;
    const entry = entries.get(Number(number)) ?? { begun: 0, ended: 0 };
    entry[word === "begin" ? "begun" : "ended"]++;
    entries.set(Number(number), entry);
  }
  return entries;
}
