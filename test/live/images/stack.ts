/** A cluster with real nodes next to the lab under test, and a stack's systems on it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { samplePassphrase } from "../../../config/samples.ts";
import { stackPath } from "../../../config/stackFile.ts";
import { World } from "../../../contracts/check/workloads.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { initStack, pulumi, type Target } from "../../../lab/harness/engine.ts";
import { withOnly } from "../../../lab/harness/system.ts";
import { kubeApi, type KubeObject } from "../../../lab/kubernetes/api.ts";
import { createPrerequisites } from "../../../lab/prerequisites.ts";
import { environment, labTarget } from "../../../lab/pulumi.ts";
import { retarget } from "../../../lab/retarget.ts";
import { labSettings } from "../../../lab/settings.ts";
import type { Toolchain } from "../../../lab/toolchain/toolchain.ts";
import { runProgram, stackConfig } from "../../../review/evaluate/render.ts";

/** Its ports are the 100 next to the lab's. */
export const cluster = labSettings({
  ORRERY_LAB: `${lab.dir}-images`,
  ORRERY_PORTS: String(lab.firstPort + (lab.firstPort < 32000 ? 100 : -100)),
});
export const api = kubeApi(cluster);

const quiet = (): void => undefined;

/** Writes a stack file with some systems of stage, aimed at the cluster. */
export async function openStack(systems: readonly string[], toolchain: Toolchain): Promise<Target> {
  mkdirSync(path.join(cluster.dir, "state"), { recursive: true });
  const file = path.join(cluster.dir, "Pulumi.stage.yaml");
  writeFileSync(`${file}.source`, withOnly(systems, readFileSync(stackPath("stage"), "utf8"), []));
  const { prerequisites } = retarget(`${file}.source`, file, labTarget(cluster), samplePassphrase("stage"));
  await createPrerequisites(prerequisites, cluster, quiet);
  const run = { lab: cluster, toolchain, log: quiet };
  const target = { stack: "stage", file, env: environment(run, "stage") };
  await initStack(target);
  return target;
}

/**
 * Applies what a system declares without waiting for it, as its programs may be unready for a reason outside of the cluster.
 * The samples stand for its secrets.
 */
export async function applyDeclared(system: string): Promise<void> {
  const file = path.join(cluster.dir, `Pulumi.${system}.yaml`);
  writeFileSync(`${file}.source`, withOnly([system], readFileSync(stackPath("stage"), "utf8"), []));
  const { prerequisites } = retarget(`${file}.source`, file, labTarget(cluster), samplePassphrase("stage"));
  await createPrerequisites(prerequisites, cluster, quiet);
  const { resources } = await runProgram({ stack: "stage", config: stackConfig("stage", file) });
  for (const { apiVersion, kind, name, namespace, body } of new World(resources).manifests) {
    const metadata = { ...(body.metadata as object), name, ...(namespace === "" ? {} : { namespace }) };
    await api.apply({ ...body, apiVersion, kind, metadata });
  }
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
