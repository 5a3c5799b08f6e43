/** Deployments and StatefulSets: ready, or which pod, which container, and why not. */
import { asList, asObject, asText, type Json, podOf } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import { type LiveObject, namespacesOf } from "../clusterReader.ts";
import { type Found, span } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";
import { isAlive, podProblem, restartProblem } from "./pods.ts";

const kinds = [
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
] as const;

export const isWorkload = ({ manifest: { kind } }: DeclaredObject): boolean =>
  kinds.some(([, workload]) => workload === kind);

/** Row of a declared workload. @param pods - of its namespace */
export function workloadRow(
  { system, manifest }: DeclaredObject,
  live: LiveObject | undefined,
  pods: readonly LiveObject[],
  now: Date,
): Found {
  const row = { system, part: `${manifest.namespace}/${manifest.name}` };
  const declared = Number(asObject(manifest.body.spec).replicas ?? 1);
  if (live === undefined) return { ...row, state: "bad", text: `${manifest.kind} is not there` };
  const wanted = Number(live.spec?.replicas ?? 1);
  if (wanted !== declared)
    return { ...row, state: "bad", text: `is scaled to ${wanted}, the stack declares ${declared}` };
  if (wanted === 0) return { ...row, state: "ok", text: "has no pods, as declared" };
  const {
    readyReplicas = 0,
    updatedReplicas = 0,
    observedGeneration = 0,
  } = live.status as Readonly<Record<string, number | undefined>>;
  const own = pods.filter((pod) => belongs(pod, live) && isAlive(pod));
  const problems = own.flatMap((pod) => podProblem(pod) ?? []);
  const since = sinceOf(live, "Available");
  const rolling = observedGeneration < (live.metadata.generation ?? 0) || updatedReplicas < wanted;
  const reasons = problems.length > 0 ? problems : complaints(live);
  const why =
    reasons.length === 0
      ? ""
      : `: ${reasons.slice(0, 3).join("; ")}${reasons.length > 3 ? `; and ${reasons.length - 3} more` : ""}`;
  if (readyReplicas < wanted || (rolling && problems.length > 0)) {
    const text = `${readyReplicas} of ${wanted} pods are ready${why}`;
    return { ...row, state: "bad", text, ...since };
  }
  if (rolling) return { ...row, state: "warn", text: `rolls out: ${updatedReplicas} of ${wanted} pods are new${why}` };
  const restarts = own.flatMap((pod) => restartProblem(pod, now) ?? []);
  if (restarts.length > 0) return { ...row, state: "warn", text: restarts.join("; ") };
  return { ...row, state: "ok", text: `${readyReplicas} of ${wanted} pods are ready${ageOf(own, now)}` };
}

/** Whether a workload's selector fits a pod. */
export function belongs(pod: LiveObject, { spec }: LiveObject): boolean {
  const labels = asObject(asObject(spec?.selector).matchLabels);
  return Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value);
}

/** What a workload's own conditions say, e.g. that a quota forbids its pods. */
function complaints({ status }: LiveObject): readonly string[] {
  return asList(status?.conditions).flatMap((one) => {
    const failed = one.type === "ReplicaFailure" && one.status === "True";
    const stuck = one.type === "Progressing" && one.status === "False";
    return failed || stuck ? [`${asText(one.reason)}: ${asText(one.message)}`] : [];
  });
}

function sinceOf({ status }: LiveObject, type: string): { readonly since?: string } {
  const since = asText(asList(status?.conditions).find((one: Json) => one.type === type)?.lastTransitionTime);
  return since === "" ? {} : { since };
}

function ageOf(pods: readonly LiveObject[], now: Date): string {
  const starts = pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? "")).filter(Number.isFinite);
  return starts.length === 0 ? "" : `, the youngest for ${span(now.getTime() - Math.max(...starts))}`;
}

export const workloads: Collector = {
  name: "workloads",
  asks: "whether Deployments and StatefulSets have their pods, else which pod and container, and why",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const declared = objects.filter(isWorkload);
        const found = await Promise.all(
          namespacesOf(declared).flatMap((namespace) =>
            [...kinds, ["v1", "Pod"] as const].map(([apiVersion, kind]) =>
              reader.list({ apiVersion, kind, namespace }),
            ),
          ),
        );
        const live = found.flat();
        return declared.map((one) => {
          const { kind, namespace, name } = one.manifest;
          const here = live.filter(({ metadata }) => metadata.namespace === namespace);
          const own = here.find((object) => object.kind === kind && object.metadata.name === name);
          return workloadRow(
            one,
            own,
            here.filter((object) => object.kind === "Pod"),
            situation.now,
          );
        });
      },
      ({ objects }) => objects.some((one) => isWorkload(one) && podOf(one.manifest) !== undefined),
    ),
};
