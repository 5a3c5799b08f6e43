/** The cluster of the demonstrations: Kubernetes with real nodes, in a folder and on ports of its own next to the checkout's lab. */
import { kubernetes } from "../kubernetes/kubernetes.ts";
import { chooseRealNodes, realNodes } from "../kubernetes/nodes/plan.ts";
import { requireFeatures } from "../kubernetes/nodes/requirements.ts";
import type { Log } from "../component.ts";
import { claim, down } from "../lab.ts";
import type { Run } from "../pulumi.ts";
import { labNextTo, type LabSettings, labSettings } from "../settings.ts";
import { ensureToolchain } from "../toolchain/toolchain.ts";

/** Prow's stack labels one for its caches and one for jobs. */
const nodes = 2;

/** Settings of the cluster next to a lab. */
export const demoSettings = (lab = labSettings()): LabSettings => labNextTo(lab, "demo");

/** Starts what is missing. @throws if the machine cannot run nodes */
export async function startCluster(lab: LabSettings, log: Log): Promise<Run> {
  await requireFeatures(log);
  const toolchain = await ensureToolchain(log);
  await claim(lab);
  if (realNodes(lab).length < nodes) chooseRealNodes(lab, nodes);
  await kubernetes(toolchain).up(lab, log);
  return { lab, toolchain, log };
}

/** Stops the cluster, or OpenStack, and deletes the data. */
export async function removeCluster(lab: LabSettings, log: Log): Promise<void> {
  await down(lab, await ensureToolchain(log), true);
}
