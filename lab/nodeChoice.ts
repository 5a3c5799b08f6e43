/** Which nodes a lab gets. */
import { readStackFile, stackPath } from "../config/stackFile.ts";
import type { Log } from "./component.ts";
import { createLabFolder } from "./folder.ts";
import { askUpstream, chooseRealNodes, hasNodes, mostNodes, realNodes } from "./kubernetes/nodes/plan.ts";
import { requireFeatures } from "./kubernetes/nodes/requirements.ts";
import { type LabSettings, root } from "./settings.ts";

/** Options of commands that start a lab. */
export const nodeOptions = {
  "real-nodes": {
    type: "integer",
    min: 1,
    max: mostNodes,
    help: "how many nodes a new lab has; more can be added later (default: as many as the test stack asks for)",
  },
  "upstream-images": {
    type: "boolean",
    help: "pods run the images of the real registries, where they can be reached; kept until lab down --wipe",
  },
  "fake-nodes": {
    type: "boolean",
    help: "a new lab simulates two nodes: no container runs, and there is room for thousands of pods",
  },
} as const;

/** What somebody asks for by {@link nodeOptions}. */
export interface AskedNodes {
  readonly realNodes: number | undefined;
  readonly fakeNodes: boolean;
  readonly upstreamImages: boolean;
}

/** Replicas that avoid each other's node find another one. */
const fewest = 2;

/** Nodes that a stack asks for: as many as it labels, and enough to spread replicas. */
export function nodesFor(stack: string): number {
  const settings = readStackFile(stackPath(stack)).entries.get("prow:settings")?.value ?? "{}";
  const { nodes = {} } = JSON.parse(settings) as { readonly nodes?: object };
  return Math.max(fewest, Object.keys(nodes).length);
}

/**
 * Chooses the nodes of a lab before anything starts. A lab keeps what it has until it is wiped; real nodes can become more.
 * @throws naming each kernel feature that real nodes lack on this machine, or if the lab's cluster has other nodes
 */
export async function chooseNodes(
  lab: LabSettings,
  { realNodes: asked, fakeNodes, upstreamImages }: AskedNodes,
  log: Log,
  requirePossible: (log: Log) => Promise<void> = requireFeatures,
): Promise<void> {
  if (asked !== undefined && fakeNodes) throw new Error("give --real-nodes or --fake-nodes, not both");
  const kept = hasNodes(lab) ? realNodes(lab).length : nodesFor("test");
  const count = fakeNodes ? 0 : (asked ?? kept);
  if (upstreamImages && count === 0) {
    throw new Error("--upstream-images: this lab simulates its nodes, which run no image");
  }
  if (count > 0) await requirePossible(log);
  createLabFolder(lab.dir, root);
  chooseRealNodes(lab, count);
  if (upstreamImages) askUpstream(lab);
}
