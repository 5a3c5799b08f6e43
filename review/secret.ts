/** Secrets inside recorded values: found in the SDK's wire form, hidden in what is shown. */

/** A map of recorded values. */
export type Properties = Readonly<Record<string, unknown>>;

/** A secret among recorded values. */
export class Secret {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Markers of the SDK's wire form (sdk/go/common/resource/properties.go). */
const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const resourceMark = "5cf8f73096256a8f31e491e813e4eb8e";

/** What stands for a secret in a state; its text is encrypted. */
export function secretOnWire(held: { readonly ciphertext: string }): object {
  return { [signature]: secretMark, ...held };
}

/** A value of the wire form with its secrets as `Secret` and references to resources as their URNs. */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== "object" || value === null) return value;
  const { [signature]: mark, ...rest } = value as Record<string, unknown>;
  if (mark === secretMark) return new Secret(fromWire(rest.value));
  if (mark === resourceMark) return rest.urn;
  return Object.fromEntries(Object.entries(rest).map(([key, held]) => [key, fromWire(held)]));
}

/** A copy of a value; `by` says what stands in the place of each part, and is asked about what is inside that too. */
export function replaced(value: unknown, by: (part: unknown) => unknown): unknown {
  const part = by(value);
  if (Array.isArray(part)) return part.map((item) => replaced(item, by));
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, replaced(item, by)]));
}

/** A value with its secrets in the clear. */
export function opened(value: unknown): unknown {
  return replaced(value, (part) => (part instanceof Secret ? part.value : part));
}

/** What is shown instead of a leaf of a secret. */
const hidden = "[secret]";

/** What stands for a leaf of a secret: always the same text, or one that differs with the leaf. */
export type Hide = (leaf: unknown) => string;

/** The value with keys sorted and every leaf of a secret hidden; keys and lengths of lists stay. */
export function redact(value: unknown, hide: Hide = () => hidden, secret = false): unknown {
  if (value instanceof Secret) return redact(value.value, hide, true);
  if (Array.isArray(value)) return value.map((item) => redact(item, hide, secret));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, redact(item, hide, secret)]));
  }
  return secret ? hide(value) : value;
}

/** Every text that is not secret: keys and leaves, with their path. */
export function* clearTexts(value: unknown, path = ""): Generator<{ readonly path: string; readonly text: string }> {
  if (value instanceof Secret) {
    // The keys of a secret map are shown, so they count as clear.
    for (const key of keysOf(value.value)) yield { path, text: key };
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield { path: `${path}.${key}`, text: key };
      yield* clearTexts(item, `${path}.${key}`);
    }
  } else if (typeof value === "string") {
    yield { path, text: value };
  }
}

function keysOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (Array.isArray(value) ? keysOf(item) : [key, ...keysOf(item)]));
}
