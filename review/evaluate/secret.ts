/** Secrets inside recorded values: decodes them from the SDK's wire format and redacts them. */

/** A map of recorded values. */
export type Properties = Readonly<Record<string, unknown>>;

/** A secret among recorded values. */
export class Secret {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Markers of the SDK's wire format (sdk/go/common/resource/properties.go). */
const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const resourceMark = "5cf8f73096256a8f31e491e813e4eb8e";

/** A secret as a state file has it, encrypted. */
export function wireSecret(sealed: { readonly ciphertext: string }): object {
  return { [signature]: secretMark, ...sealed };
}

/** Decodes a value of the wire format: secrets become `Secret`, references to resources their URNs. */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== "object" || value === null) return value;
  const { [signature]: mark, ...rest } = value as Record<string, unknown>;
  if (mark === secretMark) return new Secret(fromWire(rest.value));
  if (mark === resourceMark) return rest.urn;
  return Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, fromWire(member)]));
}

/** A copy of a value with `by` applied to each part, outermost first, then to the parts of its result. */
export function mapParts(value: unknown, by: (part: unknown) => unknown): unknown {
  const part = by(value);
  if (Array.isArray(part)) return part.map((item) => mapParts(item, by));
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, mapParts(item, by)]));
}

/** A value with its secrets in the clear. */
export function revealed(value: unknown): unknown {
  return mapParts(value, (part) => (part instanceof Secret ? part.value : part));
}

/** Placeholder of a secret's leaf. */
const hidden = "[secret]";

/** Returns the placeholder of a secret's leaf. */
export type Hide = (leaf: unknown) => string;

/** The value with sorted keys and every leaf of a secret hidden; a secret's keys and list lengths remain visible. */
export function redact(value: unknown, hide: Hide = () => hidden, secret = false): unknown {
  if (value instanceof Secret) return redact(value.value, hide, true);
  if (Array.isArray(value)) return value.map((item) => redact(item, hide, secret));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, redact(item, hide, secret)]));
  }
  return secret ? hide(value) : value;
}

/** Every string that is not secret, keys and leaves, with its path. */
export function* clearTexts(value: unknown, path = ""): Generator<{ readonly path: string; readonly text: string }> {
  if (value instanceof Secret) {
    // The keys of a secret map remain visible.
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
