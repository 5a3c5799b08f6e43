/** What sharing a stack costs: one stack for so many teams, or one each side by side; from nothing, and when a team changes a resource. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { pulumi, stateOf, type Target } from "../lab/harness/engine.ts";
import { root } from "../lab/settings.ts";
import { round as rounded } from "./figures.ts";
import { timed } from "./measure.ts";
import { benchProject, servicesProgram } from "./project.ts";
import type { Saved, Shared } from "./results.ts";
import { countSaves } from "./saves.ts";

/** Teams, and the stacks that they have together. */
const sizes = [
  { teams: 1, stacks: 1 },
  { teams: 6, stacks: 1 },
  { teams: 6, stacks: 6 },
  { teams: 10, stacks: 1 },
  { teams: 50, stacks: 1 },
] as const;

/** Resources of a team: four services. Systems have 54 to 386, so that a shared stack of theirs is slower than what is measured here. */
const each = 28;

interface Round {
  readonly seconds: number;
  readonly saves: number;
  readonly megabytes: number;
}

type Project = Target & { readonly project: string };

/** Measures each size so often. @throws if an update fails, or the backend is no folder */
export async function sharedStacks(rounds: number, log: (line: string) => void): Promise<readonly Shared[]> {
  const found: Shared[] = [];
  for (const { teams, stacks } of sizes) {
    const names = Array.from({ length: stacks }, (_, at) => (stacks === 1 ? "teams" : `team-${at}`));
    const targets: Project[] = [];
    try {
      for (const name of names) targets.push(await benchProject(name, path.join(root, ".lab", "bench", name)));
      const [first, changes]: [Round[], Round[]] = [[], []];
      let resources = 0;
      for (let round = 0; round < rounds; round++) {
        for (const target of targets) declare(target, teams / stacks, "1");
        first.push(await up(targets));
        resources = (await Promise.all(targets.map(stateOf))).flat().length;
        const [changed] = targets;
        if (changed !== undefined) {
          declare(changed, teams / stacks, "2");
          changes.push(await up([changed]));
        }
        await Promise.all(targets.map(destroy));
        log(`${teams} teams in ${stacks} stacks, round ${round + 1}: ${resources} resources`);
      }
      found.push({ teams, stacks, resources, up: saved(first), change: saved(changes) });
    } finally {
      for (const target of targets) {
        await destroy(target);
        await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
      }
    }
  }
  return found;
}

function declare({ project, stack }: Project, teams: number, release: string): void {
  writeFileSync(path.join(project, "index.ts"), servicesProgram(project, teams * each, release, stack));
}

/** Updates all stacks at the same time: until the last one ends, and what they saved together. */
async function up(targets: readonly Project[]): Promise<Round> {
  const counts = targets.map(countSaves);
  const begin = performance.now();
  await Promise.all(
    targets.map(({ stack, file, project, env }) => {
      const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack, "--config-file", file];
      return timed(path.join(root, "node_modules", ".bin", "pulumi"), args, { cwd: project, env: env ?? {} });
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  const all = await Promise.all(counts.map((count) => count.end()));
  const sum = (of: (one: { readonly count: number; readonly megabytes: number }) => number): number =>
    all.reduce((total, one) => {
      if (one === undefined) throw new Error("saved states are counted in a folder: PULUMI_BACKEND_URL is none");
      return total + of(one);
    }, 0);
  return { seconds, saves: sum(({ count }) => count), megabytes: sum(({ megabytes }) => megabytes) };
}

async function destroy(target: Project): Promise<void> {
  const env = { ...target.env, PULUMI_SKIP_CHECKPOINTS: "true" };
  await pulumi(["destroy", "--yes", "--skip-preview"], { ...target, env });
}

function saved(rounds: readonly Round[]): Saved {
  return {
    seconds: rounds.map(({ seconds }) => rounded(seconds, 2)),
    saves: rounds.map(({ saves }) => saves),
    megabytes: rounds.map(({ megabytes }) => rounded(megabytes, 2)),
  };
}
