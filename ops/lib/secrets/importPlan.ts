/** What an import would do: which secrets are set from where, what is missing, what is left over. */
import { secretProblems, writeSecrets } from "../secrets.ts";
import type { StackSecret, StackSecrets } from "./stackSecrets.ts";
import type { Found, SecretSource } from "./sources.ts";

/** A secret that was not found. */
interface Missing {
  readonly secret: StackSecret;
  /** The place that it should be in. */
  readonly place: string | undefined;
  /** Places that it may be in instead. */
  readonly near: readonly string[];
  /** Why it was not taken, beyond that its place is empty. */
  readonly why: string | undefined;
}

/** An import that has not happened yet. */
export interface Plan {
  readonly sets: readonly (Found & { readonly secret: StackSecret; readonly same: boolean })[];
  /** Secrets that the stack needs, that are not found and of which it has no text of its own. */
  readonly missing: readonly Missing[];
  /** Places of the store that no secret comes from. */
  readonly unmanaged: readonly string[];
}

/**
 * Looks up every secret in a store. A published sample is not taken, wherever it is: everybody knows it.
 * @param mapped - places by config key, instead of those that the schemas declare.
 */
export async function planImport(
  { secrets, samples }: Pick<StackSecrets, "secrets" | "samples">,
  store: SecretSource,
  mapped: ReadonlyMap<string, string> = new Map(),
): Promise<Plan> {
  const looked = await Promise.all(
    secrets.map(async (secret) => {
      const place = mapped.get(secret.key) ?? store.place(secret);
      const read = place === undefined ? undefined : await store.read(place, secret);
      // The sample that the stack has is reported as unchanged.
      const refused = read !== undefined && !secret.is(read) && samples.isIn(read);
      const text = refused ? undefined : read;
      const near = read === undefined ? (store.near?.(secret) ?? []) : [];
      return {
        secret,
        place,
        text,
        near,
        why: refused ? `${place ?? ""} has a published sample` : store.why?.(secret),
      };
    }),
  );
  const sets = looked.flatMap(({ secret, place, text }) =>
    place === undefined || text === undefined ? [] : [{ secret, place, text, same: secret.is(text) }],
  );
  const found = new Set(sets.map(({ secret }) => secret.key));
  const missing = looked.filter(({ secret }) => secret.required && secret.state !== "set" && !found.has(secret.key));
  const used = new Set(
    [...sets, ...missing].flatMap((one) =>
      ["near" in one ? [...one.near, ...(one.place === undefined ? [] : [one.place])] : one.place.split("#")[0]].flat(),
    ),
  );
  return {
    sets,
    missing,
    unmanaged: store.places.filter((place) => !used.has(place)),
  };
}

/** Writes what differs. @throws if a text is not as it must be; then nothing is written */
export function writePlan({ systems }: Pick<StackSecrets, "systems">, { sets }: Plan, dryRun: boolean): void {
  const changes = systems.map(({ stack, schema }) => {
    const own = sets.filter(({ secret, same }) => secret.schema === schema && !same);
    return {
      stack,
      schema,
      texts: Object.fromEntries(own.map(({ secret, text: one }) => [shortKey(secret.key), one])),
    };
  });
  if (dryRun) {
    const problems = changes.flatMap(secretProblems);
    if (problems.length > 0) throw new Error(`nothing would be written:\n  ${problems.join("\n  ")}`);
  } else {
    writeSecrets(
      changes.filter(({ texts: own }) => Object.keys(own).length > 0),
      false,
    );
  }
}

const shortKey = (key: string): string => key.slice(key.indexOf(":") + 1);

/** Whether there is more to say of a secret that was not found than that no place is known. */
const isSaid = ({ near, why }: Pick<Missing, "near" | "why">): boolean => near.length > 0 || why !== undefined;

/** The plan as lines; names and places, never a text. */
export function planLines({ sets, missing, unmanaged }: Plan, did: "set" | "would set"): readonly string[] {
  const now = { missing: "the stack has none", sample: "the stack has the sample", lab: "the stack has the lab's" };
  const elsewhere = missing.filter((one) => one.place === undefined && !isSaid(one));
  return [
    ...sets.map(({ secret, place, same }) => `${same ? "unchanged" : did} ${secret.key} from ${place}`),
    ...missing.flatMap(({ secret: { key, state }, place, near, why }) => {
      if (place === undefined && !isSaid({ near, why })) return [];
      const has = state === "set" || state === "unreadable" ? "what the stack has cannot be read" : now[state];
      return [
        `missing ${key}: ${why ?? `nothing in ${place ?? "such a place"}`}; ${has}`,
        ...near.map((one) => `    it may be this one: --map '${key}=${one}'`),
      ];
    }),
    ...(elsewhere.length === 0
      ? []
      : [`missing, never kept in such a place: ${elsewhere.map(({ secret }) => secret.key).join(", ")}`]),
    ...unmanaged.map((place) => `left over ${place}`),
    `${sets.length} found, ${missing.length} missing, ${unmanaged.length} left over`,
  ];
}
