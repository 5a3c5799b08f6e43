/** What a stack's program says about one system, and how its clusters are reached. */
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { withPassingFolder } from "../../cli/passingFolder.ts";
import type { SystemSchema } from "../../config/define.ts";
import { type Json, type Manifest, toManifest } from "../../policy/manifest.ts";
import { type Rendered, rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { Kubectl, type KubectlValues } from "./kube/kubectl.ts";
import { secretOf } from "./secrets.ts";
import { openStack, type StackValues, type SystemStack } from "./stack.ts";

/** A stack and all resources of one of its systems. */
export interface Program<Settings> extends SystemStack<Settings> {
  readonly resources: readonly Rendered[];
}

/** Renders the program of the stack that the options name. @throws if the system is not in it or its settings are wrong */
export async function openProgram<S extends z.ZodType>(
  schema: SystemSchema<S>,
  values: StackValues,
): Promise<Program<z.infer<S>>> {
  const stack = openStack(schema, values);
  const recording = await runProgram({ stack: stack.name, config: stackConfig(stack.name, stack.file) });
  const resources = rendered(recording).filter(({ urn }) => urn.includes(`::orrery:${schema.namespace}:`));
  return { ...stack, resources };
}

/** Kubernetes objects of a system by the name of their cluster. */
export function objectsByCluster({
  resources,
}: Pick<Program<unknown>, "resources">): ReadonlyMap<string, readonly Manifest[]> {
  const clusters = new Map<string, Manifest[]>();
  for (const { type, inputs, provider } of resources) {
    const cluster = provider.split("::").at(-1) ?? "";
    const manifest = toManifest(type, inputs as Json, cluster);
    if (manifest !== undefined) clusters.set(cluster, [...(clusters.get(cluster) ?? []), manifest]);
  }
  return clusters;
}

/** Does something with kubectl as the cluster's administrator: by --kubeconfig, else by the stack's own secret. */
export async function withCluster<T>(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  cluster: string,
  values: KubectlValues,
  work: (kubectl: Kubectl) => Promise<T>,
  namespace?: string,
): Promise<T> {
  if (values.kubeconfig !== undefined) return work(new Kubectl(namespace, values));
  const content = secretOf(stack, `clusters:${cluster}`);
  return withPassingFolder((folder) => {
    const kubeconfig = path.join(folder, "kubeconfig");
    writeFileSync(kubeconfig, content, { mode: 0o600 });
    chmodSync(kubeconfig, 0o600);
    return work(new Kubectl(namespace, { kubeconfig }));
  });
}
