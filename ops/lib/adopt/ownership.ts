/** Who wrote the fields of a live object, and how they become the program's: then what it does not declare goes with its first update. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import { type FieldSet, union, without } from "./fieldSets.ts";

/** By this name the provider applies adopted objects. */
export const fieldManager = "pulumi-kubernetes-adopted";

/** Fields of a live object by what becomes of them. */
export interface Ownership {
  /** Of people and their tools: they become the program's. */
  readonly taken: FieldSet;
  /** Of the cluster's own controllers: they stay theirs. */
  readonly kept: FieldSet;
  /** The tools that wrote `taken`; empty if the object is older than the notes of who wrote it. */
  readonly tools: readonly string[];
}

/**
 * Controllers of Kubernetes and OpenShift write into objects that people made: volume names, revisions, replicas, images of
 * triggers. Everything else is a tool that applies what its owner wrote, even if it is called a controller (Argo CD, Flux).
 */
const controllers =
  /^(kube-controller-manager|kube-scheduler|kubelet|cloud-controller-manager|kube-apiserver|openshift-(controller-manager|apiserver|kube-controller-manager|router|image-registry)|cluster-(policy-controller|version-operator))$/;

/**
 * What a server or controller allocated, no matter who is noted for it: nobody declares it, and the cluster does not let it go or
 * would allocate another one. Finalizers order a deletion.
 */
const allocated = [
  ...["clusterIP", "clusterIPs", "healthCheckNodePort", "volumeName", "claimRef", "storageClassName", "volumeMode"].map(
    (one) => ["f:spec", `f:${one}`],
  ),
  ...["finalizers", "ownerReferences"].map((one) => ["f:metadata", `f:${one}`]),
  ...["status", "apiVersion", "kind"].map((one) => [`f:${one}`]),
];

/** Annotations by which controllers remember what they did. */
const controllersNotes =
  /^(pv\.kubernetes\.io|volume(\.beta)?\.kubernetes\.io|deployment\.kubernetes\.io|openshift\.io\/(sa\.scc|internal-registry))/;

/** The fields that can change hands. */
export function withoutAllocated(fields: FieldSet): FieldSet {
  const notes = Object.keys(fields["f:metadata"]?.["f:annotations"] ?? {}).filter((step) =>
    controllersNotes.test(step.replace(/^f:/, "")),
  );
  const places = notes.map((step) => ["f:metadata", "f:annotations", step]);
  return [...allocated, ...places].reduce<FieldSet>(without, fields);
}

/** Reads who wrote what. */
export function ownershipOf(live: Json): Ownership {
  const entries = managedFields(live);
  const mine = entries.filter((entry) => !isControllers(entry));
  const setOf = (some: readonly Json[]): FieldSet => some.map(fieldsOf).reduce(union, {});
  return {
    taken: withChoices(withoutAllocated(setOf(mine)), live),
    kept: union(setOf(entries.filter(isControllers)), notesOf(live)),
    tools: [...new Set(mine.map(({ manager }) => asText(manager)))],
  };
}

/** The controllers' annotations that an object has and that are not among some fields, whoever is noted for them, if anybody. */
function notesOf(live: Json, known: FieldSet = {}): FieldSet {
  const noted = known["f:metadata"]?.["f:annotations"] ?? {};
  const notes = Object.keys(asObject(asObject(live.metadata).annotations)).filter(
    (key) => controllersNotes.test(key) && !(`f:${key}` in noted),
  );
  if (notes.length === 0) return {};
  return { "f:metadata": { "f:annotations": Object.fromEntries(notes.map((key) => [`f:${key}`, {}])) } };
}

/** Parts of which the API allows one only: a part that is there by default goes only with an owner who leaves it out. */
const choices: readonly (readonly [string, string])[] = [
  ["strategy", "rollingUpdate"],
  ["updateStrategy", "rollingUpdate"],
];

/** The fields with those of {@link choices} that an object has, noted or not. */
function withChoices(fields: FieldSet, live: Json): FieldSet {
  const spec = asObject(live.spec);
  return choices
    .filter(([choice, part]) => asObject(spec[choice])[part] !== undefined)
    .map(([choice, part]): FieldSet => ({ "f:spec": { [`f:${choice}`]: { [`f:${part}`]: {} } } }))
    .reduce(union, fields);
}

/** Fields that a manager applied. */
export function appliedBy(live: Json, manager: string): FieldSet {
  return managedFields(live)
    .filter((entry) => entry.manager === manager && entry.operation === "Apply")
    .map(fieldsOf)
    .reduce(union, {});
}

/**
 * A JSON patch that makes the fields the program's and changes nothing else. It fails if the object has changed
 * meanwhile. Undefined if they are the program's already.
 */
export function takeoverPatch(live: Json, taken: FieldSet): readonly Json[] | undefined {
  const { resourceVersion } = asObject(live.metadata);
  const entries = managedFields(live);
  const isDone = entries.length > 0 && entries.every((one) => isControllers(one) || one.manager === fieldManager);
  if (isDone) return undefined;
  const entry = (manager: string, operation: string, fieldsV1: FieldSet): Json => ({
    ...{ manager, operation, apiVersion: asText(live.apiVersion) },
    ...{ time: new Date().toISOString().replace(/\.\d+/, ""), fieldsType: "FieldsV1", fieldsV1 },
  });
  // What nobody owns goes with the last annotation that somebody owned: the notes need an owner who stays.
  const controlled = entries.filter(isControllers);
  const notes = notesOf(live, controlled.map(fieldsOf).reduce(union, {}));
  const kept = Object.keys(notes).length === 0 ? [] : [entry("kube-controller-manager", "Update", notes)];
  return [
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    {
      op: "add",
      path: "/metadata/managedFields",
      value: [entry(fieldManager, "Apply", taken), ...kept, ...controlled],
    },
  ];
}

const managedFields = (live: Json): readonly Json[] => asList(asObject(live.metadata).managedFields);

const fieldsOf = ({ fieldsV1 }: Json): FieldSet => asObject(fieldsV1) as unknown as FieldSet;

/** A subresource is written by who runs the object: its status, its scale. */
function isControllers({ manager, subresource }: Json): boolean {
  return asText(subresource) !== "" || controllers.test(asText(manager));
}
