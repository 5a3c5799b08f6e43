/** Kubernetes objects as an Ansible playbook: a task an object, then a wait for all workloads, as Packit's owners have it. */
import { type KubernetesObjects, waitedFor } from "./declared.ts";
import { type Json, asObject, asText } from "../policy/manifest.ts";

/** A task of a playbook. */
export type PlaybookTask = Readonly<Record<string, unknown>>;

/** Files of the objects by position, as the tasks name them. */
export const objectFile = (index: number): string => `objects/${String(index).padStart(3, "0")}.json`;

const play = (name: string, tasks: readonly PlaybookTask[]): object => ({
  name,
  hosts: "localhost",
  connection: "local",
  gather_facts: false,
  tasks,
});

/**
 * The playbook that deploys.
 * @param wanted positions of the objects, as its owners choose them by tags. @default all
 */
export function deployPlaybook(
  { manifests }: KubernetesObjects,
  wanted: readonly number[] = manifests.map((_, at) => at),
): readonly object[] {
  const chosen = wanted.flatMap((at): readonly Json[] => (manifests[at] === undefined ? [] : [manifests[at]]));
  const apply = wanted.map((at) => ({
    name: `Create ${nameOf(manifests[at] ?? {})}`,
    "kubernetes.core.k8s": { state: "present", apply: true, src: objectFile(at) },
  }));
  const waits = (kinds: readonly string[], command: string): readonly PlaybookTask[] =>
    [...waitedFor(chosen, kinds)].map(([namespace, items]) => ({
      name: `Wait in ${namespace}`,
      "ansible.builtin.command": `kubectl -n ${namespace} ${command} --timeout=10m ${items.join(" ")}`,
      changed_when: false,
    }));
  return [
    play("Deploy", [
      ...apply,
      ...waits(["Deployment", "StatefulSet"], "rollout status"),
      ...waits(["Job"], "wait --for=condition=complete"),
      ...waits(["PersistentVolumeClaim"], "wait --for=jsonpath={.status.phase}=Bound"),
    ]),
  ];
}

/** Positions of the objects that differ. */
export function differing(before: KubernetesObjects, after: KubernetesObjects): readonly number[] {
  return after.manifests.flatMap((one, at) =>
    JSON.stringify(one) === JSON.stringify(before.manifests[at]) ? [] : [at],
  );
}

/** The playbook that removes everything with its namespaces, and waits for their end. @throws if something is in none */
export function removePlaybook({ manifests }: KubernetesObjects): readonly object[] {
  const own = new Set(
    manifests.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => asObject(metadata).name),
  );
  const outside = manifests.filter(
    ({ kind, metadata }) => kind !== "Namespace" && !own.has(asObject(metadata).namespace),
  );
  if (outside.length > 0) throw new Error(`${outside.map(nameOf).join(", ")}: not in a namespace of the playbook`);
  const tasks = manifests.flatMap((manifest, at) =>
    manifest.kind === "Namespace"
      ? {
          name: `Remove ${nameOf(manifest)}`,
          "kubernetes.core.k8s": { state: "absent", src: objectFile(at), wait: true, wait_timeout: 300 },
        }
      : [],
  );
  return [play("Remove", tasks)];
}

function nameOf({ kind, metadata }: Json): string {
  return `${asText(kind)} ${asText(asObject(metadata).name)}`;
}
