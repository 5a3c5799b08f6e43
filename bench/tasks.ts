/** Opens what is compared: the systems of the staging environments, each alone, and all of them together. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { labKubeconfig } from "../lab/retarget.ts";
import { put } from "../config/stackEdit.ts";
import { root } from "../lab/settings.ts";
import { lab } from "../lab/harness/cloud.ts";
import type { Target } from "../lab/harness/engine.ts";
import { SystemOnLab } from "../lab/harness/system.ts";
import { ansibleContestant } from "./contestants/ansible.ts";
import { bareContestant } from "./contestants/bare.ts";
import { commitContestant } from "./contestants/commit.ts";
import type { Contestant, Task } from "./contestants/contestant.ts";
import { kubectlContestant } from "./contestants/kubectl.ts";
import { countedInState, orreryContestant } from "./contestants/orrery.ts";
import { tofuContestant } from "./contestants/tofu.ts";
import { declared } from "./declared.ts";
import { rows, type Today } from "./systems.ts";

/** The stack whose systems are deployed. */
const stack = "stage";

/** This program with a system, and what the others do the same by. */
interface Opened {
  readonly orrery: Contestant;
  readonly task: Task;
  readonly target: Target;
  /** Systems of the task. */
  readonly names: readonly string[];
}

async function open(system: string): Promise<Opened> {
  const names = system === "all" ? Object.keys(rows) : [system];
  const [first = "", ...also] = names;
  const beforehand = names.flatMap((name) => rows[name]?.beforehand ?? []);
  const opened = await SystemOnLab.open(first, stack, beforehand, { also });
  const folder = path.join(root, ".lab", "bench", system);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const task: Task = {
    system,
    stack,
    file: path.join(folder, "before.yaml"),
    changedFile: path.join(folder, "after.yaml"),
    folder,
  };
  copyFileSync(opened.target.file, task.file);
  const changes = rows[first]?.change ?? [];
  writeFileSync(
    task.changedFile,
    changes.reduce((text, [at, value]) => put(text, ["config", ...at], value), readFileSync(task.file, "utf8")),
  );
  const { resources } = await declared(stack, task.file);
  return { orrery: orreryContestant(task, opened.target, resources.length), task, target: opened.target, names };
}

/** This program and an older commit of it. The caller closes them. */
export async function versions(system: string, commit: string): Promise<readonly Contestant[]> {
  const { orrery, task, target, names } = await open(system);
  return [countedInState(orrery, target), await commitContestant(commit, task, names)];
}

/** The opened contestants of a system. The caller closes them. */
export async function contestants(system: string): Promise<readonly Contestant[]> {
  const { orrery, task } = await open(system);
  const today = rows[system]?.today;
  if (today !== undefined) return [orrery, await openToday(today, task)];
  // The floor is measured once, with all systems.
  return [orrery, await bareContestant(task, { kubeconfig: labKubeconfig(lab), password: lab.password })];
}

function openToday(tool: Today, task: Task): Promise<Contestant> {
  switch (tool) {
    case "Ansible":
      return ansibleContestant(task);
    case "OpenTofu":
      return tofuContestant(task);
    default:
      return kubectlContestant(task, tool === "kustomize" ? "kustomize" : "manifests");
  }
}
