/** Every field of an adopted object that the first update changes, by how much depends on it. */
import { type Json, asObject, asTexts, omit } from "../../../policy/manifest.ts";
import { type Field, fieldsBetween, pathText } from "../../../review/diff/fields.ts";
import { secretDigest } from "../../../review/evaluate/render.ts";

/**
 * `harmless`: nobody but people and tools of deployment reads it. `behaviour`: the program runs in another way. `loss`: data,
 * addresses, permissions or traffic may be gone.
 */
export type Weight = "harmless" | "behaviour" | "loss";

/** One field that changes. */
export interface Effect extends Field {
  /** `Kind namespace/name`. */
  readonly object: string;
  readonly weight: Weight;
}

/** What the server counts, or keeps for itself; also kubectl's memory of what it applied, which repeats the object. */
const bookkeeping = ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"];
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Every field in which the object after the first update differs from the live one; a Secret's texts are digests. */
export function effectsBetween(object: string, live: Json, after: Json): readonly Effect[] {
  const kind = object.split(" ")[0] ?? "";
  return fieldsBetween(compared(live), compared(after)).map((field) => ({
    ...field,
    object,
    weight: weightOf(kind, field),
  }));
}

/** `Deployment dials/web: spec.replicas`, by which a person names it. */
export function effectName({ object, path }: Pick<Effect, "object" | "path">): string {
  return `${object}: ${pathText(path)}`;
}

/** Whether a decision covers a field: a pattern of its name or of its path alone, in which `*` is any text. */
export function accepts(pattern: string, effect: Effect): boolean {
  return fits(pattern, effectName(effect)) || fits(pattern, pathText(effect.path));
}

function compared(live: Json): Json {
  const metadata = omit(asObject(live.metadata), ...bookkeeping);
  const annotations = omit(asObject(metadata.annotations), lastApplied);
  const noted = Object.keys(annotations).length === 0 ? {} : { annotations };
  const digests = Object.entries(asTexts(live.data)).map(([key, text]) => [key, secretDigest(text)] as const);
  const data = live.kind === "Secret" ? { data: Object.fromEntries(digests) } : {};
  return { ...omit(live, "status"), ...data, metadata: { ...omit(metadata, "annotations"), ...noted } };
}

/** Annotations that nothing but tools of deployment and consoles reads. */
const toolsNotes =
  /^(argocd\.argoproj\.io|meta\.helm\.sh|kustomize\.toolkit\.fluxcd\.io|fluxcd\.io|kubectl\.kubernetes\.io|openshift\.io\/(generated-by|display-name|description|documentation-url|provider-display-name|requester)|template\.openshift\.io|app\.openshift\.io|orrery|deployment\.kubernetes\.io)/;

/** Fields of which only the past or the speed of a rollout depends. */
const quiet =
  /^spec(\.jobTemplate\.spec)?\.(revisionHistoryLimit|successfulJobsHistoryLimit|failedJobsHistoryLimit|progressDeadlineSeconds|minReadySeconds|ttlSecondsAfterFinished)$|\.terminationMessage(Path|Policy)$/;

/** Kinds whose whole content decides who reaches what, or who may do what. */
const reach = new Set([
  ...["Route", "Ingress", "Service", "NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  ...["PersistentVolume", "PersistentVolumeClaim", "StorageClass", "CustomResourceDefinition", "Namespace"],
]);

function weightOf(kind: string, { path, before, after }: Field): Weight {
  const [first, second, third = ""] = path;
  const place = pathText(path);
  if (first === "metadata") {
    if (second === "annotations" && before !== undefined && !toolsNotes.test(third))
      return reach.has(kind) ? "loss" : "behaviour";
    if (second === "labels" && before !== undefined) return "behaviour";
    return second === "finalizers" || second === "ownerReferences" ? "loss" : "harmless";
  }
  if (quiet.test(place)) return "harmless";
  if (reach.has(kind)) return before === undefined ? "behaviour" : "loss";
  if (kind === "Secret" || kind === "ConfigMap" || kind === "ServiceAccount")
    return after === undefined ? "loss" : "behaviour";
  if (/^spec\.replicas$/.test(place)) return Number(after ?? 1) < Number(before ?? 1) ? "loss" : "behaviour";
  if (/^spec\.(volumeClaimTemplates|selector|suspend|paused)|\.(volumes|volumeMounts)\b/.test(place))
    return before === undefined ? "behaviour" : "loss";
  return "behaviour";
}

/** Whether a pattern, with `*` for any text, is the whole of a text. */
export function fits(pattern: string, text: string): boolean {
  const literal = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(text);
}
