/** The engine's floor: a bare Pulumi program with as many resources, in a project of its own. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { initStack, type Target } from "../../test/live/engine.ts";
import { root } from "../../lab/settings.ts";
import { plugins } from "../../lab/toolchain/pieces.ts";
import { bareProgram, type BareResource } from "../bare/bare.ts";
import { declared } from "../declared.ts";
import type { Contestant, Task } from "./contestant.ts";
import { lifeOf } from "./orrery.ts";

/** A bare program with the resources of a task. */
export async function bareContestant(task: Task, kubeconfig: string): Promise<Contestant> {
  const folder = path.join(task.folder, "bare");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    "name: bare\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n",
  );
  const replay = path.relative(folder, path.join(root, "bench", "bare", "replay.ts"));
  const list = path.join(folder, "resources.json");
  writeFileSync(
    path.join(folder, "index.ts"),
    `import { replay } from ${JSON.stringify(replay)};\nreplay(${JSON.stringify(list)});\n`,
  );
  const programOf = async (file: string): Promise<readonly BareResource[]> =>
    bareProgram(await declared(task.stack, file), plugins, kubeconfig);
  const before = await programOf(task.file);
  const after = await programOf(task.changedFile); // the mocks are the process's, so one after the other
  const use = (program: readonly BareResource[]): void => {
    writeFileSync(list, JSON.stringify(program));
  };
  const file = path.join(folder, "config.yaml");
  writeFileSync(file, "config: {}\n");
  const target: Target = {
    stack: `bare-${task.system}`,
    file,
    project: folder,
    env: { PULUMI_CONFIG_PASSPHRASE: "bare" },
  };
  await initStack(target);
  const life = lifeOf("bare program", target, before.length, () => {
    use(after);
  });
  return {
    ...life,
    up: () => {
      use(before);
      return life.up();
    },
  };
}
