/** Stops whatever writes to the database, and starts it again as it was. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PackitSettings } from "../../../components/packit/config.ts";
import { expectedWorkloads, type Workload } from "../../../components/packit/inventory.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { releaseFieldOwnership } from "../kube/fieldOwnership.ts";

/** A Deployment or StatefulSet. */
export type Stoppable = Pick<Workload, "kind" | "name">;

/** What holds connections to PostgreSQL, in the order in which it stops. */
export function writers(settings: PackitSettings): readonly Stoppable[] {
  return expectedWorkloads(settings)
    .filter(({ writes }) => writes)
    .reverse();
}

/** Annotation with the former number of pods, to continue after an interruption. */
const remembered = "orrery/replicas";

interface Scaled {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

/**
 * Scales to nothing and waits for the pods' end; how many there were is kept at the object.
 * @param ending - nothing more is scaled once it aborts, as what follows then is {@link start}
 */
export async function stop(
  kubectl: Kubectl,
  workloads: readonly Stoppable[],
  seconds: number,
  ending: AbortSignal,
): Promise<void> {
  for (const { kind, name } of workloads) {
    const { spec } = await kubectl.get<Scaled>(kind, name);
    if ((spec.replicas ?? 1) === 0) continue;
    ending.throwIfAborted();
    await kubectl.output(["annotate", "--overwrite", kind, name, `${remembered}=${spec.replicas ?? 1}`]);
    ending.throwIfAborted();
    await kubectl.output(["scale", kind, name, "--replicas=0"]);
  }
  const deadline = Date.now() + seconds * 1000;
  for (const { kind, name } of workloads) {
    while (((await kubectl.get<Scaled>(kind, name)).status?.replicas ?? 0) > 0) {
      if (Date.now() > deadline)
        throw new Error(`${name} still has pods after ${seconds} s; give it more time by --timeout`);
      await sleep(500, undefined, { signal: ending });
    }
  }
}

/** Scales back to what {@link stop} found and waits until the pods are ready. */
export async function start(kubectl: Kubectl, workloads: readonly Stoppable[], seconds: number): Promise<void> {
  const stopped: Stoppable[] = [];
  for (const workload of [...workloads].reverse()) {
    const { kind, name } = workload;
    const before = (await kubectl.get<Scaled>(kind, name)).metadata.annotations?.[remembered];
    if (before === undefined) continue;
    await kubectl.output(["scale", kind, name, `--replicas=${before}`]);
    await kubectl.output(["annotate", kind, name, `${remembered}-`]);
    await releaseFieldOwnership(kubectl, kind, name);
    stopped.push(workload);
  }
  for (const { kind, name } of stopped) {
    await kubectl.output(["rollout", "status", kind, name, `--timeout=${seconds}s`]);
  }
}
