/** What an owner's tools, consoles and people leave in an object that the program would declare in another way. */
import { kindMutations } from "./mutations/byKind.ts";
import { podMutations } from "./mutations/pods.ts";
import { type Draw, type Mutation, type Tree, isTree, isWorkload, pick, within } from "./mutations/tree.ts";

/** Notes of tools, and instructions to controllers. */
const annotations = [
  ["owner.example/note", "by hand"],
  ["argocd.argoproj.io/sync-wave", "3"],
  ["meta.helm.sh/release-name", "old"],
  ["external-dns.alpha.kubernetes.io/hostname", "a.example.org"],
  ["nginx.ingress.kubernetes.io/rewrite-target", "/$1"],
  ["openshift.io/generated-by", "OpenShiftWebConsole"],
  ["haproxy.router.openshift.io/timeout", "5m"],
  ["image.openshift.io/triggers", "[]"],
] as const;

const common: readonly Mutation[] = [
  (object, draw) => {
    const [key, text] = pick(annotations, draw) ?? ["a", "b"];
    within(object, "metadata", "annotations")[key] = text;
  },
  (object) => {
    Object.assign(within(object, "metadata", "labels"), {
      "owner.example/team": "a",
      "app.kubernetes.io/managed-by": "Helm",
    });
  },
  (object) => {
    within(object, "metadata").finalizers = ["owner.example/wait"];
  },
  (object, draw) => {
    const labels = within(object, "metadata", "labels");
    const key = pick(Object.keys(labels), draw);
    if (key !== undefined) Reflect.deleteProperty(labels, key);
  },
  dropLeaf,
  dropLeaf,
  changeLeaf,
  changeLeaf,
];

/** Every place of the object's content that has a value, as the object that has it and its key. */
function placesIn(value: unknown): (readonly [Tree, string])[] {
  if (Array.isArray(value)) return value.flatMap(placesIn);
  if (!isTree(value)) return [];
  return Object.keys(value).flatMap((key) => [[value, key] as const, ...placesIn(value[key])]);
}

const content = (object: Tree): (readonly [Tree, string])[] =>
  Object.keys(object)
    .filter((key) => !["apiVersion", "kind", "metadata", "status"].includes(key))
    .flatMap((key) => placesIn({ [key]: object[key] }).filter(([holder]) => holder !== object));

/** A field that the owner never set. */
function dropLeaf(object: Tree, draw: Draw): void {
  const place = pick(content(object), draw);
  if (place !== undefined) Reflect.deleteProperty(...place);
}

/** A field with the owner's own value. */
function changeLeaf(object: Tree, draw: Draw): void {
  const places = content(object).filter(([holder, key]) => !isTree(holder[key]) && !Array.isArray(holder[key]));
  const place = pick(places, draw);
  if (place === undefined) return;
  const [holder, key] = place;
  const value = holder[key];
  if (typeof value === "number") holder[key] = value + 1;
  else if (typeof value === "boolean") holder[key] = !value;
  else if (typeof value === "string")
    holder[key] = /^\d+[A-Za-z]*$/.test(value) ? value.replace(/\d/, "7") : `${value}-x`;
}

/** Some mutations of an object's kind. */
export function mutationsOf(object: Tree, draw: Draw): readonly Mutation[] {
  const own = kindMutations[String(object.kind)] ?? [];
  const all = [...common, ...own, ...own, ...(isWorkload(object) ? podMutations : [])];
  return Array.from({ length: 1 + Math.floor(draw() * 6) }, () => pick(all, draw) ?? dropLeaf);
}

/** How an owner's text begins. */
export const ownMark = "owner's own text";

/** Another text for one key of a Secret, as its owner has one. @returns the key */
export function ownText(object: Tree, draw: Draw): string | undefined {
  const data = within(object, "data");
  const key = pick(Object.keys(data), draw);
  if (key !== undefined) data[key] = Buffer.from(`${ownMark} ${Math.floor(draw() * 1e9)}`).toString("base64");
  return key;
}
