/** What sharing a stack costs: one stack for so many teams, from nothing and when one of them changes one resource. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Outcome, pulumi, stateOf } from "../lab/harness/engine.ts";
import { root } from "../lab/settings.ts";
import { round as rounded } from "./figures.ts";
import { timed } from "./measure.ts";
import { benchProject, servicesProgram } from "./project.ts";
import type { Saved, Shared } from "./results.ts";
import { countSaves } from "./saves.ts";

/** Teams that share the stack; one has it for itself. */
const sizes = [1, 6, 10, 50];

/** Resources of a team: four services. Systems have 54 to 386, so that a shared stack of theirs is slower than what is measured here. */
const each = 28;

interface Round {
  readonly seconds: number;
  readonly saves: number;
  readonly megabytes: number;
}

/** Measures each size so often. @throws if an update fails, or the backend is no folder */
export async function sharedStacks(rounds: number, log: (line: string) => void): Promise<readonly Shared[]> {
  const target = await benchProject("teams", path.join(root, ".lab", "bench", "teams"));
  const declare = (teams: number, release: string): void => {
    writeFileSync(path.join(target.project, "index.ts"), servicesProgram(target.project, teams * each, release));
  };
  const up = async (): Promise<Round> => {
    const count = countSaves(target);
    const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", target.stack];
    const { seconds } = await timed(
      path.join(root, "node_modules", ".bin", "pulumi"),
      [...args, "--config-file", target.file],
      { cwd: target.project, env: target.env ?? {} },
    );
    const saved = await count.end();
    if (saved === undefined) throw new Error("saved states are counted in a folder: PULUMI_BACKEND_URL is none");
    return { seconds, saves: saved.count, megabytes: saved.megabytes };
  };
  const destroy = (): Promise<Outcome> =>
    pulumi(["destroy", "--yes", "--skip-preview"], {
      ...target,
      env: { ...target.env, PULUMI_SKIP_CHECKPOINTS: "true" },
    });
  const found: Shared[] = [];
  try {
    for (const teams of sizes) {
      const [first, changes]: [Round[], Round[]] = [[], []];
      let resources = 0;
      for (let round = 0; round < rounds; round++) {
        declare(teams, "1");
        first.push(await up());
        resources = (await stateOf(target)).length;
        declare(teams, "2");
        changes.push(await up());
        await destroy();
        log(`stacks, ${teams} teams, round ${round + 1}: ${resources} resources`);
      }
      found.push({ teams, resources, up: saved(first), change: saved(changes) });
    }
  } finally {
    await destroy();
    await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
  }
  return found;
}

function saved(rounds: readonly Round[]): Saved {
  return {
    seconds: rounds.map(({ seconds }) => rounded(seconds, 2)),
    saves: rounds.map(({ saves }) => saves),
    megabytes: rounds.map(({ megabytes }) => rounded(megabytes, 2)),
  };
}
