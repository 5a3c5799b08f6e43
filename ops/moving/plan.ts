/** What an import would do: which secrets are set from where, what is missing, what is left over. */
import type { HeldSecret } from "./held.ts";
import type { Found, Store } from "./stores.ts";

/** An import that has not happened yet. */
export interface Plan {
  readonly sets: readonly (Found & { readonly secret: HeldSecret; readonly same: boolean })[];
  /** Secrets that the stack needs, that are not found and of which it has no text of its own; with the place that they should be in. */
  readonly missing: readonly { readonly secret: HeldSecret; readonly place: string | undefined }[];
  /** Places of the store that no secret comes from. */
  readonly leftOver: readonly string[];
}

/**
 * Looks up every secret in a store.
 * @param mapped - places by config key, instead of those that the schemas declare.
 */
export async function planImport(
  secrets: readonly HeldSecret[],
  store: Store,
  mapped: ReadonlyMap<string, string> = new Map(),
): Promise<Plan> {
  const looked = await Promise.all(
    secrets.map(async (secret) => {
      const place = mapped.get(secret.key) ?? store.place(secret);
      const text = place === undefined ? undefined : await store.read(place, secret);
      return { secret, place, text };
    }),
  );
  const sets = looked.flatMap(({ secret, place, text }) =>
    place === undefined || text === undefined ? [] : [{ secret, place, text, same: secret.is(text) }],
  );
  const found = new Set(sets.map(({ secret }) => secret.key));
  const used = new Set(sets.map(({ place }) => place.split("#")[0]));
  return {
    sets,
    missing: looked.filter(({ secret }) => secret.required && secret.state !== "set" && !found.has(secret.key)),
    leftOver: store.places.filter((place) => !used.has(place)),
  };
}

/** The plan as lines; names and places, never a text. */
export function planLines({ sets, missing, leftOver }: Plan, did: "set" | "would set"): readonly string[] {
  const now = { missing: "the stack has none", sample: "the stack has the sample", lab: "the stack has the lab's" };
  const elsewhere = missing.filter(({ place }) => place === undefined).map(({ secret }) => secret.key);
  return [
    ...sets.map(({ secret, place, same }) => `${same ? "unchanged" : did} ${secret.key} from ${place}`),
    ...missing.flatMap(({ secret: { key, state }, place }) => {
      if (place === undefined) return [];
      const has = state === "set" || state === "unreadable" ? "what the stack has cannot be read" : now[state];
      return [`missing ${key}: nothing in ${place}; ${has}`];
    }),
    ...(elsewhere.length === 0 ? [] : [`missing, never kept in such a place: ${elsewhere.join(", ")}`]),
    ...leftOver.map((place) => `left over ${place}`),
    `${sets.length} found, ${missing.length} missing, ${leftOver.length} left over`,
  ];
}
