/** `orrery bench`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { type Part, parts, run } from "../sections.ts";
import { resultsFile, writeReport } from "../report.ts";
import { merged, nothing, type Results } from "../results.ts";
import { systems } from "../systems.ts";
import { tables } from "../tables.ts";

const began = Date.now();

function log(line: string): void {
  console.error(`${((Date.now() - began) / 1000).toFixed(0).padStart(6)} s  ${line}`);
}

function isPart(name: string): name is Part {
  return name in parts;
}

/** The parts and systems of the command line. @throws UsageError */
function selected(words: readonly string[], named: string | undefined): Selected {
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) throw new UsageError(`there is no part "${unknown}"; npx orrery bench --help lists them`);
  const chosen = named?.split(",");
  const stranger = chosen?.find((name) => !systems.includes(name));
  if (stranger !== undefined) throw new UsageError(`there is no system "${stranger}"; there are ${systems.join(", ")}`);
  const names = words.length === 0 ? (Object.keys(parts) as Part[]) : words.filter(isPart);
  if (names.some((name) => parts[name].lab) && process.env.KUBECONFIG === undefined) {
    throw new Error('no lab in this shell: npx orrery lab up --fake-nodes, then eval "$(npm run --silent lab -- env)"');
  }
  return { names, systems: chosen };
}

interface Selected {
  readonly names: readonly Part[];
  readonly systems: readonly string[] | undefined;
}

const toText = (results: Results): string => `${JSON.stringify(results, undefined, 1)}\n`;

const kept = (): Results =>
  existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as Results) : nothing;

/** Merges the figures of a run into those that were measured before. */
function keep(results: Results): void {
  const all = merged(kept(), results);
  writeFileSync(resultsFile, toText(all));
  writeReport(all);
}

/** The last commit whose building blocks were component resources. */
const beforeBlocks = "65ecfc6";

export const command = defineCommand({
  usage: "[PART...]",
  about: `Measures the project here and now, next to the tools that people use today. It measures all parts unless some are named (about 75
minutes on two idle cores, a third of it with --rounds 1):

${Object.entries(parts)
  .map(([name, { says }]) => `  ${name.padEnd(12)} ${says}`)
  .join("\n")}
  report       measures nothing: table and plots from docs/performance.json

All but the evaluation require a lab in this shell, empty, otherwise unused and with simulated nodes, so that no container takes the
processor: npx orrery lab up --fake-nodes, then eval "$(npm run --silent lab -- env)". The first run of a comparison installs Ansible or
builds OpenTofu with Go. The engine saves its state after each step, as people run it, unless PULUMI_SKIP_CHECKPOINTS=true.`,
  options: {
    rounds: {
      type: "integer",
      min: 1,
      max: 99,
      default: 3,
      help: "how often each figure is measured, contestants in turns; the medians are shown",
    },
    systems: {
      type: "string",
      value: "NAME,...",
      help: `systems of lives and versions: ${systems.join(", ")} (default: all; of versions thoth,all)`,
    },
    against: {
      type: "string",
      value: "COMMIT",
      default: beforeBlocks,
      help: "the older commit of the part versions; in the default building blocks still were resources of their own",
    },
    json: { type: "string", value: "FILE", help: "write the figures there as JSON, after each part and system" },
    write: {
      type: "boolean",
      help: "save them, as they come, in docs/performance.json, docs/performance.md and its plots; other figures stay",
    },
  },
  async run({ rounds, systems: named, against, json, write }, words) {
    if (words[0] === "report") {
      writeReport(kept());
      return 0;
    }
    const { names, ...wanted } = selected(words, named);
    process.env.PULUMI_SKIP_CHECKPOINTS ??= "false"; // as people run it
    let results = nothing;
    const failed = await run(names, { ...wanted, rounds, against, log }, (measured) => {
      results = merged(results, measured);
      if (json !== undefined) writeFileSync(json, toText(results));
      if (write) keep(measured);
    });
    if (results !== nothing) console.log(tables(results));
    if (failed.length > 0) throw new Error(`not measured: ${failed.join(", ")}; the log says why`);
    return 0;
  },
});
