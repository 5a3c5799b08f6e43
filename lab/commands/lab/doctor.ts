/** `orrery lab doctor`. */
import { machineProblems, systemProblem } from "../../../config/machine.mjs";
import { defineCommand } from "../../../cli/command.ts";
import { hasLab } from "../../folder.ts";
import { diskHealth, memoryProblems, missingPrograms, portProblems } from "../../hostChecks.ts";
import { ipv6Works } from "../../kubernetes/nodes/families.ts";
import { missingFeatures, untriedFeatures } from "../../kubernetes/nodes/requirements.ts";
import { cacheDir, type LabSettings, labSettings, root } from "../../settings.ts";
import { toolchainBuilt } from "../../toolchain/toolchain.ts";
import { measure } from "../../usage.ts";

export const command = defineCommand({
  about:
    "Says what this machine lacks for the lab and for its nodes: system, programs, room, memory, ports. Exit code 1 if something is missing; optional programs do not count. Changes nothing.",
  options: {},
  async run() {
    const problems = await problemsOf(labSettings());
    const ok = `ok: the lab and its nodes can run here${ipv6Works() ? "" : "; pods have IPv4 only, as this machine has no IPv6"}`;
    const optional = missingPrograms().map((text) => `optional: ${text}`);
    const untried = untriedFeatures().map((name) => `Not tried before the first start installs its program: ${name}`);
    console.log([...(problems.length === 0 ? [ok] : problems), ...untried, ...optional].join("\n"));
    return problems.length === 0 ? 0 : 1;
  },
});

async function problemsOf(lab: LabSettings): Promise<readonly string[]> {
  const system = systemProblem();
  if (system !== undefined) return [system];
  const { healthy, detail } = diskHealth(lab);
  // What a running lab takes is not missing.
  const own = hasLab(lab.dir) ? measure(lab).memory : 0;
  return [
    ...machineProblems([cacheDir, root], toolchainBuilt()),
    ...(healthy ? [] : [`The lab's disk is full: ${detail}.`]),
    ...memoryProblems(process.availableMemory() / 1e9 + own),
    ...(await portProblems(lab)).map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`),
    ...missingFeatures().map(
      (name) => `Containers cannot run, only simulated nodes (--fake-nodes): this machine lacks ${name}.`,
    ),
  ];
}
