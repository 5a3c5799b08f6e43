/** Waits until a deployment is ready. */
import { setTimeout as sleep } from "node:timers/promises";
import type { OptionSpecs } from "../../../cli/options.ts";
import type { Kubectl } from "../kube/kubectl.ts";

/** As much of a Deployment as is read. */
interface Deployment {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** As much of a pod as is read. */
interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state?: { readonly waiting?: { readonly reason?: string } };
    }[];
  };
}

/** The result of one attempt. */
export interface Attempt {
  /** What is not ready, a sentence each. */
  readonly waiting: readonly string[];
  /** Restarts by pod and container. */
  readonly restarts: ReadonlyMap<string, number>;
}

/** A container that was restarted since the previous attempt is not ready, one that was restarted long ago is. */
export function evaluate(deployments: readonly Deployment[], pods: readonly Pod[], before?: Attempt): Attempt {
  // A failed pod is a Job's, which keeps it, or was evicted: its Deployment has another one, or too few.
  const alive = pods.filter(
    ({ metadata, status }) =>
      !["Succeeded", "Failed"].includes(status.phase ?? "") && metadata.deletionTimestamp === undefined,
  );
  const containers = alive.flatMap(({ metadata, status }) =>
    (status.containerStatuses ?? []).map((one) => ({ ...one, title: `${metadata.name}/${one.name}` })),
  );
  const restarts = new Map(containers.map(({ title, restartCount }) => [title, restartCount]));
  return {
    restarts,
    waiting: [
      ...(deployments.length === 0 ? ["there is no Deployment"] : []),
      ...deployments.flatMap(unready),
      ...containers
        .filter(({ ready }) => !ready)
        .map(
          ({ title, state }) =>
            `${title} is not ready${state?.waiting?.reason === undefined ? "" : ` (${state.waiting.reason})`}`,
        ),
      ...containers
        .filter(
          ({ title, restartCount }) =>
            restartCount > (before?.restarts.get(title) ?? (before === undefined ? 0 : restartCount)),
        )
        .map(({ title, restartCount }) => `${title} was restarted (${restartCount} times in all)`),
    ],
  };
}

/** A Deployment without its pods is reported even if no pod could be created. */
function unready({ metadata: { name, generation }, spec, status }: Deployment): readonly string[] {
  const wanted = spec.replicas ?? 1;
  const current = (status?.observedGeneration ?? 0) >= (generation ?? 0);
  const ready = Math.min(status?.readyReplicas ?? 0, status?.updatedReplicas ?? 0);
  return wanted === 0 || (current && ready >= wanted)
    ? []
    : [`Deployment ${name} has ${current ? ready : 0} of ${wanted} pods`];
}

/** Repeats the check. @returns what is not ready in the end; empty if everything is */
export async function waitUntilReady(
  kubectl: Kubectl,
  inside: readonly string[],
  tries: number,
  seconds: number,
  log: (line: string) => void,
): Promise<readonly string[]> {
  let attempt: Attempt | undefined;
  for (let count = 1; ; count++) {
    const { items: deployments } = await kubectl.get<{ items: Deployment[] }>("deployments", ...inside);
    const { items: pods } = await kubectl.get<{ items: Pod[] }>("pods", ...inside);
    attempt = evaluate(deployments, pods, attempt);
    if (attempt.waiting.length === 0 || count >= tries) return attempt.waiting;
    log(
      `attempt ${count} of ${tries}: ${attempt.waiting[0] ?? ""}${attempt.waiting.length > 1 ? ` and ${attempt.waiting.length - 1} more` : ""}`,
    );
    await sleep(seconds * 1000);
  }
}

/** Options of every command that waits. */
export const readyOptions = {
  tries: { type: "integer", min: 1, default: 20, help: "maximum number of attempts" },
  every: { type: "duration", default: "10s", help: "interval between two attempts" },
} as const satisfies OptionSpecs;
