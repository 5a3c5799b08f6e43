/** Differences between two plain values, field by field. */
import { isDeepStrictEqual } from "node:util";

/** One field that differs. */
export interface Field {
  /** Keys from the outermost to the innermost; a list item is `[name]`, or `[2]` if items have no name. */
  readonly path: readonly string[];
  /** Undefined if the field is new. */
  readonly before: unknown;
  /** Undefined if the field is removed. */
  readonly after: unknown;
}

/** Every field that differs, sorted by path. */
export function fieldsBetween(before: unknown, after: unknown, path: readonly string[] = []): readonly Field[] {
  if (same(before, after)) return [];
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => fieldsBetween(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listFields(before, after, path);
  return [{ path, before, after }];
}

/** Named items are compared by name, so that an item inserted in front is one difference. */
function listFields(before: readonly unknown[], after: readonly unknown[], path: readonly string[]): readonly Field[] {
  const key = keyOf([...before, ...after]);
  if (key === undefined) {
    const length = Math.max(before.length, after.length);
    // A list of plain values is easier to read as a whole.
    if ([...before, ...after].every((item) => typeof item !== "object" || item === null))
      return [{ path, before, after }];
    return Array.from({ length }, (_, at) => fieldsBetween(before[at], after[at], [...path, `[${at}]`])).flat();
  }
  const [old, now] = [before, after].map((list) => new Map(list.map((item) => [nameOf(item, key), item]))) as [
    Map<string, unknown>,
    Map<string, unknown>,
  ];
  if (old.size < before.length || now.size < after.length) return [{ path, before, after }];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const fields = names.flatMap((name) => fieldsBetween(old.get(name), now.get(name), [...path, `[${name}]`]));
  const [oldOrder, nowOrder] = [[...old.keys()], [...now.keys()]];
  return fields.length === 0 ? [{ path: [...path, "[order]"], before: oldOrder, after: nowOrder }] : fields;
}

/** The key that identifies the items of a list, if every item has it. */
function keyOf(items: readonly unknown[]): string | undefined {
  return ["name", "mountPath", "containerPort", "key"].find(
    (key) =>
      items.length > 0 &&
      items.every((item) => isMap(item) && (typeof item[key] === "string" || typeof item[key] === "number")),
  );
}

function nameOf(item: unknown, key: string): string {
  return isMap(item) ? String(item[key]) : "";
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(before: unknown, after: unknown): boolean {
  return before === after || isDeepStrictEqual(before, after);
}

/** Whether a leaf is the digest of a secret. */
export function isHidden(value: unknown): boolean {
  return typeof value === "string" && /^\[secret [0-9a-f]{12}\]$/.test(value);
}

/** A path in the usual notation: `spec.template.spec.containers[backend].image`. */
export function pathText(path: readonly string[]): string {
  return path
    .map((key, at) => {
      if (key.startsWith("[")) return key;
      const plain = /^[\w-]+$/.test(key) ? key : undefined;
      return plain === undefined ? `["${key}"]` : `${at === 0 ? "" : "."}${plain}`;
    })
    .join("");
}
