/** Whether everything runs that the settings of a service ask for. */
import { schemaOf } from "../../../components/packit/config.ts";
import { expectedWorkloads, type Workload } from "../../../components/packit/inventory.ts";
import type { ServiceName } from "../../../components/packit/names.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { Finding } from "../kube/checks.ts";
import { withCluster } from "../program.ts";
import { openStack } from "../stack.ts";
import type { StatusHook } from "../status.ts";

/** A workload and whether it runs. */
export interface Row {
  readonly name: string;
  readonly wanted: number;
  readonly ready: number;
  /** `ok`, or what is wrong. */
  readonly note: string;
}

/** As much of a Deployment or StatefulSet as is read. */
export interface Found {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly observedGeneration?: number;
  };
}

/** One row a workload; a pod counts only when it is ready, and of the newest revision. */
export function rows(expected: readonly Workload[], found: readonly Found[]): readonly Row[] {
  return expected.map(({ kind, name, replicas }): Row => {
    const object = found.find((one) => one.kind === kind && one.metadata.name === name);
    const ready = object?.status?.readyReplicas ?? 0;
    return { name, wanted: replicas, ready, note: noteOf(object, replicas, ready) };
  });
}

function noteOf(object: Found | undefined, wanted: number, ready: number): string {
  if (object === undefined) return "missing";
  if ((object.spec.replicas ?? 1) !== wanted)
    return `scaled to ${object.spec.replicas ?? 1}, the settings say ${wanted}`;
  const { observedGeneration = 0, updatedReplicas = 0 } = object.status ?? {};
  if (observedGeneration < (object.metadata.generation ?? 0) || updatedReplicas < wanted) return "rolling out";
  return ready < wanted ? "not ready" : "ok";
}

export async function workloadRows(kubectl: Kubectl, expected: readonly Workload[]): Promise<readonly Row[]> {
  const { items } = await kubectl.get<{ items: Found[] }>("deployments,statefulsets");
  return rows(expected, items);
}

const statusOf =
  (service: ServiceName): StatusHook =>
  (values) => {
    const stack = openStack(schemaOf(service), values);
    const { cluster, namespace } = stack.settings;
    const ask = async (kubectl: Kubectl): Promise<readonly Finding[]> =>
      (await workloadRows(kubectl, expectedWorkloads(stack.settings))).map(({ name, note }): Finding => {
        const object = `workload ${namespace.name}/${name}`;
        return note === "ok"
          ? { check: "state", object, ok: true }
          : { check: "state", object, ok: false, detail: note };
      });
    return withCluster(stack, cluster, values, ask, namespace.name);
  };

export const status = statusOf("packit");

/** The same of the Stream service. */
export const streamStatus = statusOf("stream");
