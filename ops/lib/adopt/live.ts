/** The declared fields of a live object: what the state would contain if the program had created it like this. */
import { isDeepStrictEqual } from "node:util";
import { isMap } from "../../../review/diff/fields.ts";
import { Secret } from "../../../review/evaluate/secret.ts";

/** Lists whose items the API server merges by key, and the keys; every other list is one value. */
const itemKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  env: ["name"],
  initContainers: ["name"],
  ports: ["containerPort", "port"],
  tags: ["name"],
  volumeMounts: ["mountPath"],
  volumes: ["name"],
};

/** The key of a list at this place, if all items have it. */
function keyOf(place: string, items: readonly unknown[]): string | undefined {
  return itemKeys[place]?.find((key) => items.every((item) => isMap(item) && item[key] !== undefined));
}

/**
 * The live value, without what the program says nothing about: defaults, controllers' fields, items of lists that are no
 * longer declared. What is secret in the declaration is secret in the result. Of the rest it holds what will be another
 * value, or gone, after the first update, so that the engine's preview shows how it goes.
 * @param place Key of the value in what holds it.
 * @param after The value after the first update (default: undeclared parts stay).
 */
export function declaredPart(live: unknown, declared: unknown, place = "", after: unknown = live): unknown {
  if (declared instanceof Secret) return new Secret(declaredPart(live, declared.value, place, after));
  if (isMap(live) && isMap(declared)) {
    const then = isMap(after) ? after : {};
    const parts = Object.entries(live).map(([key, value]) => {
      if (value === undefined || value === null) return [key, undefined] as const;
      const part =
        key in declared ? declaredPart(value, declared[key], key, then[key] ?? null) : going(value, then[key]);
      return [key, part] as const;
    });
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
  }
  if (Array.isArray(live) && Array.isArray(declared)) return listPart(live, declared, place, after);
  return sameAmount(live, declared) ? declared : live;
}

/** What of an undeclared value will be another one or gone. */
function going(live: unknown, after: unknown): unknown {
  if (isMap(live) && isMap(after)) {
    const parts = Object.entries(live).map(([key, value]) => [key, going(value, after[key])] as const);
    const changed = parts.filter(([, part]) => part !== undefined);
    return changed.length === 0 ? undefined : Object.fromEntries(changed);
  }
  return isDeepStrictEqual(live, after) ? undefined : live;
}

function listPart(
  live: readonly unknown[],
  declared: readonly unknown[],
  place: string,
  after: unknown,
): readonly unknown[] {
  const then: readonly unknown[] = Array.isArray(after) ? after : [];
  const key = declared.length === 0 ? undefined : keyOf(place, [...live, ...declared]);
  if (key === undefined) {
    if (live.length !== declared.length) return live;
    return live.map((item, at) => declaredPart(item, declared[at], "", then[at] ?? null));
  }
  const keyed = (list: readonly unknown[]) => new Map(list.filter(isMap).map((item) => [item[key], item] as const));
  const [wanted, next] = [keyed(declared), keyed(then)];
  return live.flatMap((item) => {
    const name = (item as Record<string, unknown>)[key];
    const own = wanted.get(name);
    if (own !== undefined) return [declaredPart(item, own, "", next.get(name) ?? null)];
    const part = going(item, next.get(name));
    return part === undefined ? [] : [part];
  });
}

const factors: Readonly<Record<string, number>> = {
  ...{ "": 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 },
};

/** Whether two values are one amount to the API server: `1Gi` and `1024Mi`, `500m` and `0.5`. */
function sameAmount(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other].map((value) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([kMGTm]|[KMGT]i|)$/.exec(String(value)) ?? [];
    return number === undefined ? undefined : Number(number) * (factors[unit ?? ""] ?? Number.NaN);
  });
  return a !== undefined && b !== undefined && Math.abs(a - b) < 1e-9;
}
