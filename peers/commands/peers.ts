/** `orrery peers`. */
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { expectedFile, isGood, judge, readExpected, type Verdict } from "../expected.ts";
import { figuresOf, writeFigures } from "../figures.ts";
import { Kept } from "../kept.ts";
import { gophercloud } from "../gophercloud.ts";
import { kubernetes } from "../kubernetes.ts";
import { ownLab, runSuites } from "../lab.ts";
import type { Suite } from "../suite.ts";
import { plugins, tempest } from "../tempest.ts";
import { terraform } from "../terraform.ts";
import { verdictText } from "../verdictText.ts";

/** A new suite is a file of its own, a name here, and a list of expected failures. */
const suites: readonly Suite[] = [gophercloud, kubernetes, tempest, ...plugins, terraform];

/** The suites of the command line. @throws UsageError */
export function selected(words: readonly string[]): readonly Suite[] {
  const names = suites.map(({ name }) => name);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) throw new UsageError(`there is no suite "${unknown}"; there are ${names.join(", ")}`);
  return suites.filter(({ name }) => words.length === 0 || words.includes(name));
}

/** What is known of a suite; without a list of its tests, nothing. */
function verdictOf({ name, version }: Suite, folder: string): Verdict | undefined {
  const { tests, results } = new Kept(folder, name, version);
  return tests.length === 0 ? undefined : judge(tests, results, readExpected(expectedFile(name)));
}

export const command = defineCommand({
  usage: "[SUITE...]",
  about: `Runs test suites that others wrote against a lab of its own, which is stopped afterwards and keeps its data. It runs all suites unless
some are named:

${suites.map(({ name, version, about }) => `  ${name.padEnd(18)} ${version.padEnd(8)} ${about}`).join("\n")}

A test that fails must be in peers/expected/SUITE.yaml, with its reason. Results are kept in the lab's folder (ORRERY_LAB, with
"-peers" added), so that a run goes on where the last one ended. Suites are installed once per machine, in ORRERY_CACHE.`,
  options: {
    again: { type: "choice", choices: ["failed", "all"], help: "forget these results first" },
    time: { type: "duration", help: "begin nothing more after this time, and end what runs; the next run goes on" },
    keep: { type: "boolean", help: "leave the lab running" },
    list: { type: "boolean", help: "run nothing, print what the results so far come to" },
    docs: { type: "boolean", help: "run nothing, save the figures so far and write the table of docs/lab.md" },
    json: { type: "boolean", help: "print the verdicts as JSON" },
  },
  async run({ again, time, keep, list, docs, json }, words) {
    const chosen = selected(words);
    const lab = ownLab();
    const folder = path.join(lab.dir, "peers");
    for (const { name } of chosen) readExpected(expectedFile(name)); // a fault in a list is told before hours of tests
    const ended = list || docs ? 0 : await runSuites(chosen, folder, { again, time, keep });
    const known = chosen.flatMap((suite) => {
      const verdict = verdictOf(suite, folder);
      return verdict === undefined ? [] : [{ suite, verdict }];
    });
    if (docs) {
      const figures = known.map(({ suite, verdict }) => [suite.name, figuresOf(suite.version, verdict)] as const);
      await writeFigures(Object.fromEntries(figures));
    }
    const verdicts = known.map(({ suite: { name, version }, verdict }) => ({ suite: name, version, ...verdict }));
    console.log(json ? JSON.stringify(verdicts, undefined, 2) : verdicts.map(verdictText).join("\n"));
    if (ended !== 0 || docs) return ended;
    return known.length === chosen.length && known.every(({ verdict }) => isGood(verdict)) ? 0 : 1;
  },
});
