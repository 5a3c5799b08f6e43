/** `npm run bench -- ...`: figures of the project, measured here and now, beside what people use today. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Part, parts, run, type Wanted } from "./sections.ts";
import { resultsFile, writeReport } from "./report.ts";
import { merged, nothing, type Results } from "./results.ts";
import { systems } from "./systems.ts";
import { tables } from "./tables.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

/** The last commit whose building blocks were component resources. */
const beforeBlocks = "65ecfc6";

const usage = `Usage: npm run bench -- [PART ...] [--rounds N] [--systems NAME,...] [--against COMMIT] [--json FILE]
                          [--write]
       npm run bench -- report

Parts; all of them if none is named (about 75 minutes on two idle cores, a third of it with --rounds 1):
${Object.entries(parts)
  .map(([name, { says }]) => `  ${name.padEnd(12)} ${says}`)
  .join("\n")}
  report       nothing is measured: table and plots anew from docs/performance.json

  --rounds N   times that each figure is taken, contestants in turns; what is shown are medians (3)
  --systems    of lives and versions: ${systems.join(", ")} (all; of versions thoth,all)
  --against    the older commit of versions (${beforeBlocks}: building blocks still were resources of their own)
  --json FILE  writes the figures there as JSON, after each part and system
  --write      puts them, as they come, into docs/performance.json, docs/performance.md and its plots; parts and systems
               that were not measured keep their figures

All but the evaluation want a lab in this shell, empty and else unused: npm run lab -- up, then
eval "$(npm run --silent lab -- env)". What a system is compared with is made in its first run: Ansible is installed,
OpenTofu built with Go. The engine saves its state after each step, as people run it, unless
PULUMI_SKIP_CHECKPOINTS=true.`;

const began = Date.now();

function log(line: string): void {
  console.error(`${((Date.now() - began) / 1000).toFixed(0).padStart(6)} s  ${line}`);
}

function isPart(name: string): name is Part {
  return name in parts;
}

/** The words of the command line. @throws naming what cannot be understood */
function asked(words: readonly string[], named: string | undefined, rounds: string): Asked {
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; npm run bench -- --help lists them`);
  const chosen = named?.split(",");
  const stranger = chosen?.find((name) => !systems.includes(name));
  if (stranger !== undefined) throw new Error(`there is no system "${stranger}"; there are ${systems.join(", ")}`);
  if (!/^[1-9]\d?$/.test(rounds)) throw new Error(`--rounds is "${rounds}"; give a number from 1 to 99`);
  const names = words.length === 0 ? (Object.keys(parts) as Part[]) : words.filter(isPart);
  if (names.some((name) => parts[name].lab) && process.env.KUBECONFIG === undefined) {
    throw new Error('no lab in this shell: npm run lab -- up, then eval "$(npm run --silent lab -- env)"');
  }
  return { names, systems: chosen, rounds: Number(rounds) };
}

interface Asked extends Omit<Wanted, "log" | "against"> {
  readonly names: readonly Part[];
}

const toText = (results: Results): string => `${JSON.stringify(results, undefined, 1)}\n`;

const kept = (): Results =>
  existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as Results) : nothing;

/** Puts a run beside what was measured before. */
function keep(results: Results): void {
  const all = merged(kept(), results);
  writeFileSync(resultsFile, toText(all));
  writeReport(all);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      against: { type: "string", default: beforeBlocks },
      help: { type: "boolean", short: "h" },
      json: { type: "string" },
      rounds: { type: "string", default: "3" },
      systems: { type: "string" },
      write: { type: "boolean" },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  if (positionals[0] === "report") {
    writeReport(kept());
    return;
  }
  const { names, ...wanted } = asked(positionals, values.systems, values.rounds);
  process.env.PULUMI_SKIP_CHECKPOINTS ??= "false"; // as people run it
  let results = nothing;
  const failed = await run(names, { ...wanted, against: values.against, log }, (measured) => {
    results = merged(results, measured);
    if (values.json !== undefined) writeFileSync(values.json, toText(results));
    if (values.write === true) keep(measured);
  });
  if (results !== nothing) console.log(tables(results));
  if (failed.length > 0) throw new Error(`not measured: ${failed.join(", ")}; the log says why`);
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
