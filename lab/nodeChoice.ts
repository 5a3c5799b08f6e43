/** Which nodes a lab gets. */
import { readStackFile, stackPath } from "../config/stackFile.ts";
import { createLabFolder } from "./folder.ts";
import { chooseRealNodes, mostNodes, realNodes } from "./kubernetes/nodes/plan.ts";
import { assertFeatures } from "./kubernetes/nodes/requirements.ts";
import { type LabSettings, root } from "./settings.ts";

/** Option of commands that start a lab. */
export const nodeOptions = {
  "real-nodes": {
    type: "integer",
    min: 0,
    max: mostNodes,
    help: "nodes that run containers, instead of two simulated ones (0: simulated); kept until lab down --wipe, and more can be added",
  },
} as const;

/** Replicas that avoid each other's node find another one. */
const fewest = 2;

/** Nodes that a stack asks for: as many as it labels, and enough to spread replicas. */
export function nodesFor(stack: string): number {
  const settings = readStackFile(stackPath(stack)).entries.get("prow:settings")?.value ?? "{}";
  const { nodes = {} } = JSON.parse(settings) as { readonly nodes?: object };
  return Math.max(fewest, Object.keys(nodes).length);
}

/**
 * Chooses the nodes of a lab before anything starts. A lab keeps what it has; real nodes can become more.
 * @param count - real nodes; 0 for simulated ones. @default what the lab has, and simulated ones in a new lab
 * @throws naming each kernel feature that real nodes lack on this machine, or if the lab's cluster has other nodes
 */
export function chooseNodes(lab: LabSettings, count: number | undefined): void {
  if ((count ?? realNodes(lab).length) > 0) assertFeatures();
  if (count === undefined) return;
  createLabFolder(lab.dir, root);
  chooseRealNodes(lab, count);
}
