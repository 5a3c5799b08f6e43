/** What is published: passphrases, sample texts and the halves of sample keys, which are all in the project's source. */
import { keyHalves, unusableKeyMark } from "./samples.ts";
import type { WantedSecret } from "./secrets.ts";

/** Whether a passphrase is one of those that are published with sample stacks, whatever their names. */
export function isPublished(passphrase: string): boolean {
  return /^orrery-(lab|sample-.*)$/.test(passphrase);
}

/** What the generators of config/samples.ts leave in their texts; PEM keys and binary samples have no such mark. */
const marks: readonly RegExp[] = [
  /\bsample [0-9a-f]{24}\b/,
  /\bsample-[0-9a-f]{32}\b/,
  /"sample": ?"[0-9a-f]{24}"/,
  /\b[0-9a-f]{24}@sample\.invalid\b/,
  /^sample:\{SHA\}/m,
  /@sample-project\.iam\.gserviceaccount\.com/,
  /\bhttps:\/\/sample\.invalid:6443\b/,
  // The comment of keys for SSH, also within the container of a private one.
  /\borrery-sample\b/,
];

/** What sample certificates and the committed public keys have in their bytes. */
const markedBytes = ["sample.invalid", unusableKeyMark];

const marked = (text: string): boolean => marks.some((mark) => mark.test(text));

/** Distinguishes published texts from private ones. */
export interface PublishedSamples {
  /** Whether the whole text is a sample of one of the stack's secrets. */
  readonly is: (text: string) => boolean;
  /** Whether a sample is anywhere in the text: a token within a file, a key in PEM, in JSON or in base64. */
  readonly isIn: (text: string) => boolean;
}

/** The samples of these secrets. Texts are recognised under other keys too, and keys by either half. */
export function publishedSamples(wanted: Iterable<WantedSecret>): PublishedSamples {
  const all = [...wanted];
  const texts = once(() => new Set(all.map((one) => one.sample().trim())));
  const halves = once(() => {
    const seeds = new Set([...all.map(({ key, spec }) => spec.sampleSeed ?? key), ...committedKeys]);
    return [...seeds].flatMap((seed) => [...keyHalves(seed)]);
  });
  const is = (text: string): boolean => texts().has(text.trim());
  return {
    is,
    isIn: (text) =>
      marked(text) ||
      is(text) ||
      encodedIn(text).some(
        (bytes) => marked(bytes.toString("latin1")) || [...markedBytes, ...halves()].some((one) => bytes.includes(one)),
      ),
  };
}

/** Seeds of keys whose public half is in a committed stack file, for stacks that lack the secret itself. */
const committedKeys = ["callysto:deployPrivateKey", "callysto:certificatePushKey-clavius"];

/** What is in base64 within a text: bodies of PEM, keys of SSH, and the text itself. */
function encodedIn(text: string): readonly Buffer[] {
  const plain = text.replaceAll("\\n", "\n");
  const bodies = [
    ...plain.matchAll(/-----BEGIN [A-Z0-9 ]+-----([^-]+)-----END/g),
    ...plain.matchAll(/\b(?:ssh|ecdsa|sk)-[\w@.-]+ ([A-Za-z0-9+/]{40,}={0,2})/g),
    ...plain.trim().matchAll(/^([A-Za-z0-9+/\r\n]{24,}={0,2})$/g),
  ];
  return bodies.map(([, body = ""]) => Buffer.from(body, "base64"));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
