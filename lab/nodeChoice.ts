/** Which nodes a lab gets: real ones unless somebody wants simulated ones, as many as its stack asks for. */
import { readStackFile, stackPath } from "../config/stackFile.ts";
import type { Log } from "./component.ts";
import { createLabFolder } from "./folder.ts";
import { chooseRealNodes, hasCluster, mostNodes, realNodes } from "./kubernetes/nodes/plan.ts";
import { assertFeatures } from "./kubernetes/nodes/requirements.ts";
import { type LabSettings, root } from "./settings.ts";

/** Options of commands that start a lab. */
export const nodeOptions = {
  "real-nodes": {
    type: "integer",
    min: 1,
    max: mostNodes,
    help: "nodes that run containers, instead of as many as the stack asks for",
  },
  "fake-nodes": {
    type: "boolean",
    help: "simulate two nodes, until lab down --wipe: pods are ready at once and no container runs",
  },
} as const;

/** What a caller wants. */
export interface NodeWishes {
  /** @default as many as the stack asks for */
  readonly realNodes?: number | undefined;
  /** @default real ones */
  readonly fakeNodes?: boolean;
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
 * Chooses the nodes of a lab before anything starts. A lab with a cluster keeps what it has; real nodes can become more.
 * @throws naming each kernel feature that real nodes lack on this machine, or if the cluster contradicts the wishes
 */
export function chooseNodes(lab: LabSettings, stack: string, wishes: NodeWishes, log: Log): void {
  if (wishes.fakeNodes === true && wishes.realNodes !== undefined) {
    throw new Error("--real-nodes and --fake-nodes contradict each other; give one of them");
  }
  const now = realNodes(lab).length;
  const simulated = hasCluster(lab) && now === 0;
  if (wishes.fakeNodes === true || (simulated && wishes.realNodes === undefined)) {
    if (wishes.fakeNodes !== true) {
      log("this lab's nodes are simulated, so no container runs; after npm run lab -- down --wipe it gets real ones");
    }
    createLabFolder(lab.dir, root);
    chooseRealNodes(lab, 0);
    return;
  }
  assertFeatures();
  createLabFolder(lab.dir, root);
  chooseRealNodes(lab, wishes.realNodes ?? Math.max(now, nodesFor(stack)));
}
