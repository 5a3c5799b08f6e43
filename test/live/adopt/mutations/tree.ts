/** Objects as trees that tests change, and where their pods are. */

/** A JSON object that may be changed. */
export type Tree = Record<string, unknown>;

/** A number from 0 to 1. */
export type Draw = () => number;

/** Changes an object in one way, if that is possible. */
export type Mutation = (object: Tree, draw: Draw) => void;

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const pick = <T>(items: readonly T[], draw: Draw): T | undefined => items[Math.floor(draw() * items.length)];

/** The object at a path; made if it is missing. */
export function within(tree: Tree, ...path: readonly string[]): Tree {
  return path.reduce((at, key) => {
    const next = at[key];
    if (isTree(next)) return next;
    const made: Tree = {};
    at[key] = made;
    return made;
  }, tree);
}

/** The list at a path; made if it is missing. */
export function listIn(tree: Tree, key: string): Tree[] {
  if (!Array.isArray(tree[key])) tree[key] = [];
  return tree[key] as Tree[];
}

const templates: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};
export const isWorkload = ({ kind }: Tree): boolean => String(kind) in templates;
export const templateOf = (object: Tree): Tree => within(object, ...(templates[String(object.kind)] ?? []));
export const podOf = (object: Tree): Tree => within(templateOf(object), "spec");
export const containerOf = (object: Tree, draw: Draw): Tree => pick(listIn(podOf(object), "containers"), draw) ?? {};
