/** The engine's floor: a bare Pulumi program with as many resources, in a project of its own. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { plugins } from "../../lab/toolchain/artifacts.ts";
import { type BareProgram, bareProgram, type Logins } from "../bare/bare.ts";
import { declared } from "../declared.ts";
import { benchProject, callOf } from "../project.ts";
import type { Contestant, Task } from "./contestant.ts";
import { lifeOf } from "./orrery.ts";

/** A bare program with the resources of a task. */
export async function bareContestant(task: Task, logins: Logins): Promise<Contestant> {
  const target = await benchProject(`bare-${task.system}`, path.join(task.folder, "bare"));
  const list = path.join(target.project, "resources.json");
  writeFileSync(
    path.join(target.project, "index.ts"),
    callOf(target.project, "bare/replay.ts", "replay", JSON.stringify(list)),
  );
  const programOf = async (file: string): Promise<BareProgram> =>
    bareProgram(await declared(task.stack, file), plugins, logins);
  const before = await programOf(task.file);
  const after = await programOf(task.changedFile); // the mocks are the process's, so one after the other
  const use = (program: BareProgram): void => {
    writeFileSync(list, JSON.stringify(program));
  };
  const life = lifeOf("bare program", target, before.resources.length, () => {
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
