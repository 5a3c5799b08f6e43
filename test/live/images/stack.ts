/** A cluster with real nodes next to the lab under test, and a stack's systems on it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { samplePassphrase } from "../../../config/samples.ts";
import { stackPath } from "../../../config/stackFile.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { initStack, pulumi, type Target } from "../../../lab/harness/engine.ts";
import { withOnly } from "../../../lab/harness/system.ts";
import { kubeApi, type KubeObject } from "../../../lab/kubernetes/api.ts";
import { createPrerequisites } from "../../../lab/prerequisites.ts";
import { environment, labTarget } from "../../../lab/pulumi.ts";
import { retarget } from "../../../lab/retarget.ts";
import { labSettings } from "../../../lab/settings.ts";
import type { Toolchain } from "../../../lab/toolchain/toolchain.ts";

/** Its ports are the 100 next to the lab's. */
export const cluster = labSettings({
  ORRERY_LAB: `${lab.dir}-images`,
  ORRERY_PORTS: String(lab.firstPort + (lab.firstPort < 32000 ? 100 : -100)),
});
export const api = kubeApi(cluster);

const quiet = (): void => undefined;

/** The systems of a stack that run on Kubernetes. */
export const systems = ["packit", "stream", "dials", "prow", "thoth"] as const;

/** Writes a stack file with these systems, aimed at the cluster. */
export async function openStack(stack: string, toolchain: Toolchain): Promise<Target> {
  mkdirSync(path.join(cluster.dir, "state"), { recursive: true });
  const file = path.join(cluster.dir, `Pulumi.${stack}.yaml`);
  writeFileSync(`${file}.source`, withOnly(systems, readFileSync(stackPath(stack), "utf8"), []));
  const { prerequisites } = retarget(`${file}.source`, file, labTarget(cluster), samplePassphrase(stack));
  await createPrerequisites(prerequisites, cluster, quiet);
  const run = { lab: cluster, toolchain, log: quiet };
  const target = { stack, file, env: environment(run, stack) };
  await initStack(target);
  return target;
}

/** `pulumi up`; its output. */
export const up = (target: Target): ReturnType<typeof pulumi> => pulumi(["up", "--yes", "--skip-preview"], target);

/** A pod, as far as its readiness is read. */
export interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Whether a pod is ready, or has done its work. */
export const isDone = ({ status }: Pod): boolean =>
  status.phase === "Succeeded" ||
  status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
