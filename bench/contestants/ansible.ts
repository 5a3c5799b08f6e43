/** Ansible with kubernetes.core, as PyPI's `ansible` brings it. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pythonEnvironment } from "../../lab/harness/python.ts";
import { type KubernetesObjects, objectsOf } from "../declared.ts";
import { timed } from "../measure.ts";
import { deployPlaybook, differing, objectFile, removePlaybook } from "../playbook.ts";
import type { Contestant, Task } from "./contestant.ts";

/** Ansible 9 is the last for Debian 12's Python. */
export const requirements = ["ansible==9.13.0", "kubernetes==32.0.1"] as const;

const python = pythonEnvironment("bench", requirements);

/** A playbook with the objects of a task. */
export async function ansibleContestant(task: Task): Promise<Contestant> {
  await python.install();
  const [before, after] = await objectsOf(task);
  const [now, then] = ["before", "after"].map((name) => path.join(task.folder, "ansible", name)) as [string, string];
  write(now, before, deployPlaybook(before));
  write(then, after, deployPlaybook(after, differing(before, after))); // its owners run what changed, by tags
  const playbook = (folder: string, name: string): ReturnType<typeof timed> =>
    timed(path.join(python.bin, "ansible-playbook"), ["-i", "localhost,", name], {
      cwd: folder,
      env: {
        ANSIBLE_PYTHON_INTERPRETER: path.join(python.bin, "python"),
        ANSIBLE_LOCALHOST_WARNING: "false",
        ANSIBLE_NOCOLOR: "true",
      },
    });
  const destroy = (): ReturnType<typeof timed> => playbook(then, "remove.json");
  return {
    name: "Ansible",
    resources: before.manifests.length,
    up: () => playbook(now, "deploy.json"),
    noop: () => playbook(now, "deploy.json"),
    change: () => playbook(then, "deploy.json"),
    destroy,
    close: async () => {
      await destroy();
    },
  };
}

function write(folder: string, objects: KubernetesObjects, deploy: readonly object[]): void {
  mkdirSync(path.join(folder, "objects"), { recursive: true });
  for (const [index, manifest] of objects.manifests.entries()) {
    writeFileSync(path.join(folder, objectFile(index)), JSON.stringify(manifest));
  }
  writeFileSync(path.join(folder, "deploy.json"), JSON.stringify(deploy));
  writeFileSync(path.join(folder, "remove.json"), JSON.stringify(removePlaybook(objects)));
}
