/** The declared fields of a live object: what the state would contain if the program had created it like this. */
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
 * The live value, without what the program says nothing about: defaults, other tools' fields, items of lists that are no
 * longer declared. What is secret in the declaration is secret in the result.
 * @param place Key of the value in what holds it.
 */
export function declaredPart(live: unknown, declared: unknown, place = ""): unknown {
  if (declared instanceof Secret) return new Secret(declaredPart(live, declared.value, place));
  if (isMap(live) && isMap(declared)) {
    const shared = Object.keys(declared).filter((key) => live[key] !== undefined && live[key] !== null);
    return Object.fromEntries(shared.map((key) => [key, declaredPart(live[key], declared[key], key)]));
  }
  if (Array.isArray(live) && Array.isArray(declared)) return listPart(live, declared, place);
  return sameAmount(live, declared) ? declared : live;
}

function listPart(live: readonly unknown[], declared: readonly unknown[], place: string): readonly unknown[] {
  const key = declared.length === 0 ? undefined : keyOf(place, [...live, ...declared]);
  if (key === undefined) {
    if (live.length !== declared.length) return live;
    return live.map((item, at) => declaredPart(item, declared[at]));
  }
  const wanted = new Map(declared.map((item) => [(item as Record<string, unknown>)[key], item]));
  return live.flatMap((item) => {
    const own = wanted.get((item as Record<string, unknown>)[key]);
    return own === undefined ? [] : [declaredPart(item, own)];
  });
}

/** Items of lists that only the live object has, e.g. a container that the program does not know; their paths. */
export function undeclaredItems(live: unknown, declared: unknown, path = ""): readonly string[] {
  if (isMap(live) && isMap(declared)) {
    const shared = Object.keys(declared).filter((key) => key in live);
    return shared.flatMap((key) => undeclaredItems(live[key], declared[key], path === "" ? key : `${path}.${key}`));
  }
  if (!Array.isArray(live) || !Array.isArray(declared)) return [];
  const [own, wanted] = [live, declared] as [readonly Record<string, unknown>[], readonly Record<string, unknown>[]];
  const key = keyOf(path.split(".").at(-1) ?? "", [...own, ...wanted]);
  if (key === undefined) return [];
  return own.flatMap((item) => {
    const at = `${path}[${String(item[key])}]`;
    const same = wanted.find((one) => one[key] === item[key]);
    return same === undefined ? [at] : undeclaredItems(item, same, at);
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
