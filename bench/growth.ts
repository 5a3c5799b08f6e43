/** What happens to time and memory when a program grows to ten times its size. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../lab/settings.ts";
import { pulumi } from "../lab/harness/engine.ts";
import { evaluate } from "./evaluation.ts";
import { type Cost, timed } from "./measure.ts";
import { benchProject, servicesProgram } from "./project.ts";
import type { Growth } from "./results.ts";

/** Sizes wanted; what is registered is a little more. */
const evaluationSizes = [150, 300, 600, 1000, 1500];
const engineSizes = [60, 150, 300, 600];

/** The program alone, on mocks, each run a process of its own. CPU time: it waits for nobody. */
export function evaluationGrowth(rounds: number): readonly Growth[] {
  return evaluationSizes.map((wanted) => {
    const seen = Array.from({ length: rounds }, () => evaluate(wanted));
    return {
      what: "evaluation",
      resources: seen[0]?.resources ?? 0,
      seconds: seen.map(({ cpu }) => cpu / 1000),
      megabytes: seen.map(({ megabytes }) => megabytes),
    };
  });
}

/** The same program with the real engine on the lab: from nothing to ready, then nothing to change. */
export async function engineGrowth(rounds: number, log: (line: string) => void): Promise<readonly Growth[]> {
  const target = await benchProject("growth", path.join(root, ".lab", "bench", "growth"));
  const rows = new Map<string, { resources: number; costs: Cost[] }>();
  const take = (what: string, resources: number, cost: Cost): void => {
    const row = rows.get(`${what} ${resources}`) ?? { resources, costs: [] };
    rows.set(`${what} ${resources}`, { resources, costs: [...row.costs, cost] });
  };
  try {
    for (let round = 0; round < rounds; round++) {
      for (const wanted of engineSizes) {
        writeFileSync(path.join(target.project, "index.ts"), servicesProgram(target.project, wanted));
        const resources = Math.ceil(wanted / 12) * 12 + 6;
        const up = (): Promise<Cost> =>
          timed(path.join(root, "node_modules", ".bin", "pulumi"), [...upWords, target.file], {
            cwd: target.project,
            env: target.env ?? {},
          });
        take("up", resources, await up());
        take("no-op up", resources, await up());
        await pulumi(["destroy", "--yes", "--skip-preview"], target);
        log(`growth, round ${round + 1}: ${resources} resources`);
      }
    }
  } finally {
    await pulumi(["destroy", "--yes", "--skip-preview"], target);
    await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
  }
  return [...rows].map(([key, { resources, costs }]) => ({
    what: key.replace(/ \d+$/, ""),
    resources,
    seconds: costs.map(({ seconds }) => Math.round(seconds * 100) / 100),
    megabytes: costs.map(({ megabytes }) => Math.round(megabytes)),
  }));
}

const upWords = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "growth", "--config-file"];
