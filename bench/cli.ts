/** `npm run bench -- ...`: figures of the project, measured here and now. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { stackNames } from "../config/stackFile.ts";
import { evaluate } from "./evaluation.ts";

const usage = `Usage: npm run bench -- [evaluation | render | systems [NAME ...]]

  evaluation   the program alone: about 150 and 1,500 resources through the building blocks, on mocks
  render       npm run render of each stack, whole process
  systems      each system of each stack alone on the lab of this shell: up, up again, destroy; NAMEs choose systems or stacks

The first two are medians of 5 runs, and what runs without an argument; systems are measured once.`;

const runs = 5;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function evaluation(): void {
  const rows = [150, 1500].map((wanted) => {
    const seen = Array.from({ length: runs }, () => evaluate(wanted));
    return {
      resources: seen[0]?.resources ?? 0,
      "evaluation ms": median(seen.map((one) => one.evaluation)),
      "its CPU ms": median(seen.map((one) => one.cpu)),
      "load ms": median(seen.map((one) => one.load)),
    };
  });
  console.table(rows);
  const [small, large] = rows.map((row) => row["its CPU ms"] / row.resources);
  console.log(`CPU per resource: ${small?.toFixed(2) ?? ""} ms and ${large?.toFixed(2) ?? ""} ms`);
}

function render(): void {
  const root = path.dirname(import.meta.dirname);
  const rows = stackNames().map((stack) => {
    const times = Array.from({ length: runs }, () => {
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, ["review/cli.ts", "--stack", stack], {
        cwd: root,
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
      });
      if (status !== 0) throw new Error(stderr);
      return performance.now() - started;
    });
    return { stack, "render ms": Math.round(median(times)) };
  });
  console.table(rows);
}

async function systems(names: readonly string[]): Promise<void> {
  if (process.env.KUBECONFIG === undefined) {
    throw new Error('no lab in this shell: npm run lab -- up, then eval "$(npm run --silent lab -- env)"');
  }
  const { measureSystems } = await import("./systems.ts");
  console.table(await measureSystems(names));
}

const commands: Readonly<Record<string, (words: readonly string[]) => void | Promise<void>>> = {
  evaluation,
  render,
  systems,
};
const [wanted, ...words] = process.argv.slice(2);
const chosen = wanted === undefined ? [evaluation, render] : [commands[wanted]];
try {
  for (const command of chosen) {
    if (command === undefined) {
      console.log(usage);
      process.exitCode = wanted === "--help" ? 0 : 2;
    } else {
      await command(words);
    }
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
