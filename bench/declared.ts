/** What a stack file declares, with sample secrets in the clear: the same objects for every contestant. */
import type { Recording } from "../review/evaluate/record.ts";
import { runProgram, stackConfig } from "../review/evaluate/render.ts";
import { revealed } from "../review/evaluate/secret.ts";
import { type Json, asObject, asText, toManifest } from "../policy/manifest.ts";

/** Runs the program on mocks with a stack's file. */
export function declared(stack: string, file: string): Promise<Recording> {
  return runProgram({ stack, config: stackConfig(stack, file) });
}

/** The objects before and after a task's change, one after the other: the mocks are the process's. */
export async function objectsOf(task: {
  readonly stack: string;
  readonly file: string;
  readonly changedFile: string;
}): Promise<readonly [before: KubernetesObjects, after: KubernetesObjects]> {
  const before = kubernetesObjects(await declared(task.stack, task.file));
  return [before, kubernetesObjects(await declared(task.stack, task.changedFile))];
}

/** What is deployed to Kubernetes. */
export interface KubernetesObjects {
  /** Manifests in the order of today's runbooks: namespaces first, then as they are declared. */
  readonly manifests: readonly Json[];
  /** Labels for nodes that somebody else made, by node. */
  readonly nodes: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The Kubernetes objects of a program. */
export function kubernetesObjects({ resources }: Pick<Recording, "resources">): KubernetesObjects {
  const nodes = new Map<string, Readonly<Record<string, string>>>();
  const manifests: Json[] = [];
  for (const { type, inputs } of resources) {
    const found = toManifest(type, asObject(revealed(inputs)));
    if (found === undefined) continue;
    if (found.kind === "Node")
      nodes.set(found.name, asObject(asObject(found.body.metadata).labels) as Record<string, string>);
    else manifests.push(found.body);
  }
  const rank = (one: Json): number => (one.kind === "Namespace" ? 0 : 1);
  return { manifests: manifests.toSorted((a, b) => rank(a) - rank(b)), nodes };
}

/** What the program does not wait for, e.g. a claim whose volume comes later, nobody waits for. */
const unawaited = ({ annotations }: Json): boolean => asObject(annotations)["pulumi.com/skipAwait"] === "true";

/** Objects that somebody waits for, as `kind/name` by namespace. */
export function waitedFor(
  manifests: readonly Json[],
  kinds: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const found = manifests.filter(
    ({ kind, metadata }) => kinds.includes(asText(kind)) && !unawaited(asObject(metadata)),
  );
  const named = found.map(({ kind, metadata }) => {
    const { name, namespace } = asObject(metadata);
    return { namespace: asText(namespace), item: `${asText(kind).toLowerCase()}/${asText(name)}` };
  });
  const groups = Map.groupBy(named, ({ namespace }) => namespace);
  return new Map([...groups].map(([namespace, all]) => [namespace, all.map(({ item }) => item)]));
}
