/** Sets of an object's fields, as the API server keeps them in `managedFields` (FieldsV1), and what a value loses with them. */
import { isMap } from "../../../review/diff/fields.ts";

/**
 * A tree: `f:name` is a member of a map, `k:{"name":"web"}` the item of a list with these keys, `v:"a"` the item that is
 * this value, `.` the place itself. A leaf is {}.
 */
export interface FieldSet {
  readonly [step: string]: FieldSet;
}

/** All fields of both. */
export function union(one: FieldSet, other: FieldSet): FieldSet {
  const shared = Object.entries(other).map(([step, below]) => [step, union(one[step] ?? {}, below)] as const);
  return { ...one, ...Object.fromEntries(shared) };
}

/** The fields without one of them, named by its steps. */
export function without(fields: FieldSet, [step, ...rest]: readonly string[]): FieldSet {
  const below = step === undefined ? undefined : fields[step];
  if (step === undefined || below === undefined) return fields;
  const others = Object.entries(fields).filter(([one]) => one !== step);
  if (rest.length === 0) return Object.fromEntries(others);
  const left = without(below, rest);
  const emptied = Object.keys(left).length === 0;
  return Object.fromEntries(emptied ? others : [...others, [step, left]]);
}

/**
 * The value without the owned fields that are not in `kept`: what the API server removes when their owner applies an object
 * that no longer has them. A place of which a part is kept stays.
 */
export function pruned(value: unknown, owned: FieldSet, kept: FieldSet): unknown {
  const steps = Object.keys(owned).filter((step) => step !== ".");
  if (isMap(value)) {
    const gone = new Set(steps.filter((step) => !(step in kept)).map(nameOf));
    const entries = Object.entries(value).filter(([key]) => !gone.has(key));
    return Object.fromEntries(
      entries.map(([key, member]) => [key, pruned(member, owned[`f:${key}`] ?? {}, kept[`f:${key}`] ?? {})]),
    );
  }
  if (!Array.isArray(value)) return value;
  return value.flatMap((item: unknown) => {
    const step = steps.find((one) => isItem(item, one));
    if (step === undefined) return [item];
    const stays = kept[step];
    return stays === undefined ? [] : [pruned(item, owned[step] ?? {}, stays)];
  });
}

/** The value with what a declaration applies, as the API server merges it: `fields` are those of the declaration. */
export function merged(value: unknown, declared: unknown, fields: FieldSet): unknown {
  const steps = Object.keys(fields).filter((step) => step !== ".");
  if (steps.length === 0) return declared;
  if (isMap(declared)) {
    const old = isMap(value) ? value : {};
    const own = Object.keys(declared).map(
      (key) => [key, merged(old[key], declared[key], fields[`f:${key}`] ?? {})] as const,
    );
    return { ...old, ...Object.fromEntries(own) };
  }
  if (!Array.isArray(declared)) return declared;
  const items: readonly unknown[] = declared;
  const old: readonly unknown[] = Array.isArray(value) ? value : [];
  const stepOf = (item: unknown): string | undefined => steps.find((step) => isItem(item, step));
  const own = items.map(stepOf);
  return interleaved(old.map(stepOf), own).map(([there, mine]) => {
    if (mine === undefined) return old[there ?? -1];
    return there === undefined ? items[mine] : merged(old[there], items[mine], fields[own[mine] ?? ""] ?? {});
  });
}

/**
 * The order of a merged list, as indices of both: that of the declaration, and items of others stay where they are. So
 * does the API server (structured-merge-diff, visitListItems); before Kubernetes 1.26 the live order stayed.
 */
function interleaved(
  live: readonly (string | undefined)[],
  own: readonly (string | undefined)[],
): readonly (readonly [live: number | undefined, own: number | undefined])[] {
  const there = new Map(live.map((step, at) => [step, at]));
  const wanted = new Set(own);
  const shared = own.filter((step) => step !== undefined && there.has(step));
  const done = new Set<string | undefined>();
  const order: (readonly [number | undefined, number | undefined])[] = [];
  let [at, mine, next] = [0, 0, 0];
  while (at < live.length || mine < own.length) {
    const [one, step] = [live[at], own[mine]];
    const isOwn = one !== undefined && wanted.has(one);
    if (at < live.length && mine < own.length) {
      if (isOwn && one === step) {
        order.push([there.get(step), mine]);
        done.add(step);
        [at, mine, next] = [at + 1, mine + 1, next + 1];
        continue;
      }
      if (isOwn && shared[next] !== undefined && shared[next] !== one) {
        at += 1; // it comes later, where the declaration has it
        continue;
      }
    }
    if (at < live.length) {
      if (!isOwn) {
        order.push([at, undefined]);
        at += 1;
        continue;
      }
      if (done.has(one)) at += 1;
    }
    if (mine < own.length) {
      order.push([step === undefined ? undefined : there.get(step), mine]);
      done.add(step);
      if (step !== undefined && shared[next] === step) next += 1;
      mine += 1;
    }
  }
  return order;
}

const nameOf = (step: string): string => step.replace(/^f:/, "");

function isItem(item: unknown, step: string): boolean {
  const kind = step.slice(0, 2);
  if (kind === "v:") return JSON.stringify(item) === step.slice(2);
  if (kind !== "k:" || !isMap(item)) return false;
  // A port without a protocol is one with the default, which the key names.
  const defaults: Readonly<Record<string, unknown>> = { protocol: "TCP" };
  const keys = Object.entries(JSON.parse(step.slice(2)) as Readonly<Record<string, unknown>>);
  return keys.every(([key, wanted]) => (item[key] ?? defaults[key]) === wanted);
}
