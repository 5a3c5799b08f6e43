/** Orrery itself, by the ordinary CLI. */
import { copyFileSync } from "node:fs";
import { pulumi, stateOf, type Target } from "../../lab/harness/engine.ts";
import { childrenCpu } from "../measure.ts";
import { countSaves } from "../saves.ts";
import type { Contestant, StepCost, Task } from "./contestant.ts";

/** Steps of any Pulumi program; `change` is made between the steps. */
export function lifeOf(name: string, target: Target, resources: number, change: () => void): Contestant {
  const step = async (...args: readonly string[]): Promise<StepCost> => {
    const count = countSaves(target);
    const [started, before] = [performance.now(), childrenCpu()];
    const { code, text } = await pulumi(args, target);
    const [seconds, cpu] = [(performance.now() - started) / 1000, childrenCpu() - before];
    const saved = await count.end();
    if (code !== 0) throw new Error(`${name}: pulumi ${args.join(" ")} failed:\n${text.slice(-4000)}`);
    return { seconds, cpu, saves: saved?.count };
  };
  const destroy = async (): Promise<StepCost> => {
    await pulumi(["state", "unprotect", "--all", "--yes"], target); // consent, not work
    return step("destroy", "--yes", "--skip-preview");
  };
  return {
    name,
    resources,
    up: () => step("up", "--yes", "--skip-preview"),
    noop: () => step("up", "--yes", "--skip-preview", "--expect-no-changes"),
    async change() {
      change();
      const servers = (await stateOf(target)).filter(({ type }) => type === "openstack:compute/instance:Instance");
      // As the command for a new image does it: servers are protected.
      if (servers.length > 0) await pulumi(["state", "unprotect", ...servers.map(({ urn }) => urn), "--yes"], target);
      return step("up", "--yes", "--skip-preview");
    },
    destroy,
    async close() {
      if ((await stateOf(target)).length > 0) await destroy();
      await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
    },
  };
}

/** A contestant whose resources are counted in its state, as an older commit's code cannot be asked. */
export function countedInState(life: Contestant, target: Target): Contestant {
  let resources = 0;
  return {
    ...life,
    get resources() {
      return resources;
    },
    async up() {
      const cost = await life.up();
      resources = (await stateOf(target)).length;
      return cost;
    },
  };
}

/** The task's stack. Its file is a copy, so that another round begins with the first one. */
export function orreryContestant(
  task: Pick<Task, "file" | "changedFile">,
  target: Target,
  resources: number,
  name = "orrery",
): Contestant {
  const life = lifeOf(name, target, resources, () => {
    copyFileSync(task.changedFile, target.file);
  });
  return {
    ...life,
    up: () => {
      copyFileSync(task.file, target.file);
      return life.up();
    },
  };
}
