/** `kubectl apply` and a wait for everything that becomes ready, as in the runbooks; for Prow through kustomize. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type KubernetesObjects, objectsOf, waitedFor } from "../declared.ts";
import { timed } from "../measure.ts";
import { type Contestant, inTurn, type StepCost, type Task } from "./contestant.ts";

/** How the objects are handed to kubectl. */
type Form = "manifests" | "kustomize";

type Command = () => ReturnType<typeof timed>;

const kubectl =
  (...args: readonly string[]): Command =>
  () =>
    timed("kubectl", args);

/** kubectl with the objects of a task. */
export async function kubectlContestant(task: Task, form: Form): Promise<Contestant> {
  const [before, after] = await objectsOf(task);
  const write = form === "kustomize" ? writeKustomization : writeList;
  const now = write(path.join(task.folder, form, "before"), before);
  const then = write(path.join(task.folder, form, "after"), after);
  const ready = (objects: KubernetesObjects): readonly Command[] => [...labels(objects), ...waits(objects)];
  const destroy = (): Promise<StepCost> =>
    inTurn([
      kubectl("delete", ...then, "--ignore-not-found", "--wait"),
      ...[...before.nodes].map(([node, all]) =>
        kubectl("label", "node", node, "--overwrite", ...Object.keys(all).map((key) => `${key}-`)),
      ),
    ]);
  return {
    name: form === "kustomize" ? "kustomize" : "kubectl",
    resources: before.manifests.length + before.nodes.size,
    up: () => inTurn([kubectl("apply", ...now), ...ready(before)]),
    noop: () => inTurn([kubectl("apply", ...now), ...ready(before)]),
    change: () => inTurn([kubectl("apply", ...then), ...ready(after)]),
    destroy,
    close: async () => {
      await destroy();
    },
  };
}

/** All objects in one file. @returns the arguments that name it */
export function writeList(folder: string, { manifests }: KubernetesObjects): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "objects.json");
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }));
  return ["-f", file];
}

/** A file an object, and an overlay on them, as Prow's repository has it. */
function writeKustomization(folder: string, { manifests }: KubernetesObjects): readonly string[] {
  const [base, overlay] = [path.join(folder, "base"), path.join(folder, "overlay")];
  for (const one of [base, overlay]) mkdirSync(one, { recursive: true });
  const files = manifests.map((manifest, index) => {
    const name = `${String(index).padStart(3, "0")}.json`;
    writeFileSync(path.join(base, name), JSON.stringify(manifest));
    return name;
  });
  writeFileSync(path.join(base, "kustomization.yaml"), JSON.stringify({ resources: files }));
  writeFileSync(path.join(overlay, "kustomization.yaml"), JSON.stringify({ resources: ["../base"] }));
  return ["-k", overlay];
}

function labels({ nodes }: KubernetesObjects): readonly Command[] {
  return [...nodes].map(([node, all]) =>
    kubectl("label", "node", node, "--overwrite", ...Object.entries(all).map(([key, value]) => `${key}=${value}`)),
  );
}

/** One wait a namespace and kind of readiness, for all its objects. */
function waits({ manifests }: KubernetesObjects): readonly Command[] {
  const limit = "--timeout=10m";
  const of = (kinds: readonly string[], ...args: readonly string[]): readonly Command[] =>
    [...waitedFor(manifests, kinds)].map(([namespace, items]) => kubectl(...args, "-n", namespace, limit, ...items));
  return [
    ...of(["Deployment", "StatefulSet"], "rollout", "status"),
    ...of(["Job"], "wait", "--for=condition=complete"),
    ...of(["PersistentVolumeClaim"], "wait", "--for=jsonpath={.status.phase}=Bound"),
    ...of(["Ingress"], "wait", "--for=jsonpath={.status.loadBalancer.ingress}"),
  ];
}
