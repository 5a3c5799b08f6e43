/** Whether what should run on real nodes does. Pulumi is content with a StatefulSet whose pods were ready once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./component.ts";
import { type KubeApi, kubeApi, type KubeObject } from "./kubernetes/api.ts";
import { describeFailures } from "./kubernetes/failures.ts";
import { startOf } from "./kubernetes/nodes/first.ts";
import { realNodes } from "./kubernetes/nodes/plan.ts";
import { failing, readerOf } from "./rollout.ts";
import type { LabSettings } from "./settings.ts";

/** A Deployment or StatefulSet. */
interface Workload extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

/** Milliseconds between two looks, between two lines of progress, and until a container that was started again is believed. */
const pauses = { look: 1000, progress: 30_000, settling: 10_000 };

/**
 * Waits until all Deployments and StatefulSets have their pods, and these are ready in what their node's kubelet has said since it started.
 * @param seconds - after which it waits no longer
 * @returns a paragraph for each that has not, with the containers' last words; none where nodes are simulated
 */
export async function waitForWorkloads(lab: LabSettings, log: Log, seconds = 300): Promise<readonly string[]> {
  if (realNodes(lab).length === 0) return [];
  const api = kubeApi(lab);
  const end = Date.now() + seconds * 1000;
  let next = Date.now() + pauses.progress;
  for (;;) {
    const pods = await unsettled(lab, api);
    const workloads = await unready(api);
    // A workload that lacks pods says it for them.
    const alone = pods.filter((pod) => !workloads.some((workload) => pod.startsWith(`pod ${workload}-`)));
    const waiting = [...workloads, ...alone];
    if (waiting.length === 0) return [];
    if (Date.now() > end) return explained(lab, waiting);
    if (Date.now() > next) {
      log(`waiting for ${waiting.join(", ")}`);
      next += pauses.progress;
    }
    await sleep(pauses.look);
  }
}

/** Says on standard error what does not run. @param failing - of {@link waitForWorkloads} @returns an exit code */
export function sayFailing(failing: readonly string[]): 0 | 1 {
  if (failing.length > 0) console.error(["", "Not everything runs:", ...failing].join("\n"));
  return failing.length === 0 ? 0 : 1;
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

interface Pod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly ownerReferences?: readonly { readonly kind: string }[] };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly running?: { readonly startedAt: string } };
      readonly lastState?: { readonly terminated?: { readonly finishedAt: string } };
    }[];
  };
}

/** Running pods that are not to be counted on yet. */
async function unsettled(lab: LabSettings, api: KubeApi): Promise<readonly string[]> {
  // A container's start has no fractions of a second.
  const began = new Map(realNodes(lab).map((node) => [node.name, Math.floor(startOf(lab, node) / 1000) * 1000]));
  const pods = await api.list<Pod>("/api/v1/pods");
  return pods.flatMap((pod) => {
    const { namespace = "", name, deletionTimestamp, ownerReferences } = pod.metadata;
    const kept = ownerReferences?.some(({ kind }) => kind === "ReplicaSet" || kind === "StatefulSet") === true;
    if (!kept || pod.status.phase !== "Running" || deletionTimestamp !== undefined) return [];
    return isSettled(pod.status, began.get(pod.spec.nodeName ?? "") ?? 0, Date.now())
      ? []
      : [`pod ${namespace}/${name}`];
  });
}

/**
 * Whether a pod is ready, also in what its kubelet has said since it started: controllers and kubelets learn later what a node's
 * end has ended. A container that has ended and was started again is ready for a moment each time, unless a probe says otherwise.
 *
 * @param since - its node's start, in milliseconds since 1970 as `now`
 */
export function isSettled({ conditions, containerStatuses = [] }: Pod["status"], since: number, now: number): boolean {
  const ready = conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
  return (
    ready &&
    containerStatuses.every(({ state, lastState }) => {
      const started = Date.parse(state?.running?.startedAt ?? "");
      const hasEnded = Date.parse(lastState?.terminated?.finishedAt ?? "") >= since;
      return !(started < since) && !(hasEnded && now - started < pauses.settling);
    })
  );
}

/** Why they lack pods, in the cluster's and the containers' words. */
async function explained(lab: LabSettings, waiting: readonly string[]): Promise<readonly string[]> {
  const reader = readerOf(lab);
  const failures = await failing(reader);
  const paragraphs = waiting.map(async (workload) => {
    const name = workload.replace(/^pod /, "");
    const own = failures.filter(({ object }) => object === name || object.startsWith(`${name}-`));
    return own.length === 0 ? [`${workload}: not ready`] : describeFailures(reader, own);
  });
  return (await Promise.all(paragraphs)).flat();
}
