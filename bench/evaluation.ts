/** How long the program itself takes: resources registered through the building blocks, on mocks. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { record } from "../review/evaluate/record.ts";

/** Milliseconds of one run in a process of its own. */
export interface Evaluation {
  readonly resources: number;
  /** From the first registration to the last answer. */
  readonly evaluation: number;
  /** Loading of the SDKs and the building blocks. */
  readonly load: number;
  /** CPU time of the evaluation. */
  readonly cpu: number;
  /** Highest resident memory of the process. */
  readonly megabytes: number;
}

/** Runs an evaluation in a fresh process. @throws what the process says when it fails. */
export function evaluate(resources: number): Evaluation {
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, String(resources)], {
    cwd: path.dirname(import.meta.dirname),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Evaluation;
}

/** Registers at least `wanted` resources. */
async function run(wanted: number): Promise<Evaluation> {
  const started = performance.now();
  const [{ Provider }, { services }] = await Promise.all([import("@pulumi/kubernetes"), import("./services.ts")]);
  const loaded = performance.now();
  const before = process.cpuUsage();
  const { resources } = await record({ stack: "bench", config: new Map() }, () => {
    services(wanted, new Provider("lab", { kubeconfig: "" }));
    return Promise.resolve({});
  });
  const { user, system } = process.cpuUsage(before);
  return {
    resources: resources.length,
    evaluation: Math.round(performance.now() - loaded),
    load: Math.round(loaded - started),
    cpu: Math.round((user + system) / 1000),
    megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  };
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await run(Number(process.argv[2]))));
}
