/** Whether what should run on real nodes does. Pulumi is content with a StatefulSet whose pods were ready once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./component.ts";
import { type KubeApi, kubeApi, type KubeObject } from "./kubernetes/api.ts";
import { describeFailures } from "./kubernetes/failures.ts";
import { realNodes } from "./kubernetes/nodes/plan.ts";
import { failing, readerOf } from "./rollout.ts";
import type { LabSettings } from "./settings.ts";

/** A Deployment or StatefulSet. */
interface Workload extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

/** Milliseconds between two looks, and between two lines of progress. */
const pauses = { look: 2000, progress: 30_000 };

/**
 * Waits until all Deployments and StatefulSets have their pods.
 * @param seconds - after which it waits no longer
 * @returns a paragraph for each that has not, with the containers' last words; none where nodes are simulated
 */
export async function waitForWorkloads(lab: LabSettings, log: Log, seconds = 300): Promise<readonly string[]> {
  if (realNodes(lab).length === 0) return [];
  const api = kubeApi(lab);
  const end = Date.now() + seconds * 1000;
  let next = Date.now() + pauses.progress;
  for (;;) {
    const waiting = await unready(api);
    if (waiting.length === 0) return [];
    if (Date.now() > end) return explained(lab, waiting);
    if (Date.now() > next) {
      log(`waiting for the pods of ${waiting.join(", ")}`);
      next += pauses.progress;
    }
    await sleep(pauses.look);
  }
}

/** Those that lack pods, as `namespace/name`. */
async function unready(api: KubeApi): Promise<readonly string[]> {
  const lists = ["deployments", "statefulsets"].map((kind) => api.list<Workload>(`/apis/apps/v1/${kind}`));
  return (await Promise.all(lists)).flat().flatMap(({ metadata, spec: { replicas = 1 }, status = {} }) => {
    const { observedGeneration = 0, readyReplicas = 0 } = status;
    const isReady = readyReplicas >= replicas && observedGeneration >= (metadata.generation ?? 0);
    return isReady ? [] : [`${metadata.namespace ?? ""}/${metadata.name}`];
  });
}

/** Why they lack pods, in the cluster's and the containers' words. */
async function explained(lab: LabSettings, waiting: readonly string[]): Promise<readonly string[]> {
  const reader = readerOf(lab);
  const failures = await failing(reader);
  const paragraphs = waiting.map(async (workload) => {
    const own = failures.filter(({ object }) => object === workload || object.startsWith(`${workload}-`));
    return own.length === 0 ? [`${workload}: its pods are not ready`] : describeFailures(reader, own);
  });
  return (await Promise.all(paragraphs)).flat();
}
