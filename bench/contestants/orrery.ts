/** Orrery itself, by the ordinary CLI. */
import { copyFileSync } from "node:fs";
import { pulumi, stateOf, type Target } from "../../lab/harness/engine.ts";
import type { Contestant, Task } from "./contestant.ts";

/** Steps of any Pulumi program; `change` is made between the steps. */
export function lifeOf(name: string, target: Target, resources: number, change: () => void): Contestant {
  const step = async (...args: readonly string[]): Promise<{ seconds: number }> => {
    const started = performance.now();
    const { code, text } = await pulumi(args, target);
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) throw new Error(`${name}: pulumi ${args.join(" ")} failed:\n${text.slice(-4000)}`);
    return { seconds };
  };
  const destroy = async (): Promise<{ seconds: number }> => {
    await pulumi(["state", "unprotect", "--all", "--yes"], target); // consent, not work
    return step("destroy", "--yes", "--skip-preview");
  };
  return {
    name,
    resources,
    up: () => step("up", "--yes", "--skip-preview"),
    noop: () => step("up", "--yes", "--skip-preview", "--expect-no-changes"),
    change: () => {
      change();
      return step("up", "--yes", "--skip-preview");
    },
    destroy,
    async close() {
      if ((await stateOf(target)).length > 0) await destroy();
      await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
    },
  };
}

/** The task's stack. Its file is a copy, so that another round begins with the first one. */
export function orreryContestant(task: Task, target: Target, resources: number): Contestant {
  const life = lifeOf("orrery", target, resources, () => {
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
