/** `npm run contracts`: holds what the stacks declare against what the programs in their images read. */
import { parseArgs } from "node:util";
import { stackNames } from "../config/stackFile.ts";
import { runProgram, stackConfig } from "../review/evaluate/render.ts";
import { violations } from "./check/violations.ts";
import { loadContracts } from "./check/load.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent contracts -- [--stack STACK]... [--system SYSTEM] [--json]

Holds every container of the stacks (all of them unless named) against the contract of its image in contracts/:
variables, files, flags, ports, probes, folders, user, peers and permissions. Needs no cloud and no passphrase.
Prints what does not hold, a line each, and exits with 1 if there is anything.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", short: "s", multiple: true },
      system: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  const contracts = loadContracts();
  const all: object[] = [];
  for (const stack of values.stack ?? stackNames()) {
    const { resources } = await runProgram({ stack, config: stackConfig(stack) });
    const found = violations(resources, contracts).filter(
      ({ system }) => values.system === undefined || system === values.system,
    );
    all.push(...found.map((one) => ({ stack, ...one })));
    if (values.json !== true) for (const { where, problem } of found) console.log(`${stack}: ${where}: ${problem}`);
  }
  if (values.json === true) console.log(JSON.stringify(all, undefined, 2));
  else console.error(`${contracts.length} contracts, ${all.length} things that do not hold`);
  process.exitCode = all.length > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(`contracts: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
