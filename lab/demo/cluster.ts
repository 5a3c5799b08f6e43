/** The cluster of the demonstrations: Kubernetes with real nodes, in a folder and on ports of its own next to the checkout's lab. */
import { createLabFolder } from "../folder.ts";
import { kubernetes } from "../kubernetes/kubernetes.ts";
import { chooseRealNodes, realNodes } from "../kubernetes/nodes/plan.ts";
import { requireFeatures } from "../kubernetes/nodes/requirements.ts";
import type { Log } from "../component.ts";
import { down } from "../lab.ts";
import type { Run } from "../pulumi.ts";
import { type LabSettings, labSettings, root } from "../settings.ts";
import { ensureToolchain } from "../toolchain/toolchain.ts";

/** Prow's stack labels one for its caches and one for jobs. */
const nodes = 2;
/** Between the first ports of the lab and of the demonstrations' cluster; tests use the ports between. */
const distance = 300;

/** Settings of the cluster next to a lab. */
export function demoSettings(lab = labSettings()): LabSettings {
  const firstPort = lab.firstPort + (lab.firstPort + distance > 32_000 ? -distance : distance);
  return labSettings({ ORRERY_LAB: `${lab.dir}-demo`, ORRERY_PORTS: String(firstPort) });
}

/** Starts what is missing. @throws if the machine cannot run nodes */
export async function startCluster(lab: LabSettings, log: Log): Promise<Run> {
  await requireFeatures(log);
  const toolchain = await ensureToolchain(log);
  createLabFolder(lab.dir, root);
  if (realNodes(lab).length < nodes) chooseRealNodes(lab, nodes);
  await kubernetes(toolchain).up(lab, log);
  return { lab, toolchain, log };
}

/** Stops the cluster, or OpenStack, and deletes the data. */
export async function removeCluster(lab: LabSettings, log: Log): Promise<void> {
  await down(lab, await ensureToolchain(log), true);
}
