/** Which keys of which Secrets the secrets of a stack's config become, followed through the program itself. */
import { offlineConfig, readStackFile, secretsOf } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { asTexts } from "../../../policy/manifest.ts";
import { rendered, runProgram } from "../../../review/evaluate/render.ts";
import { objectsByCluster } from "../program.ts";
import type { StackSecrets } from "./stackSecrets.ts";
import { fromBase64, innerTexts, type Probe, textWithin } from "./textWithin.ts";

/** A key of a Secret that the program makes. */
export interface SecretKey {
  readonly cluster: string;
  readonly namespace: string;
  readonly secret: string;
  readonly key: string;
}

/** The same with its text, in which one text a secret stands for each of them. */
export interface Template extends SecretKey {
  readonly text: string;
  /** Whether the text is base64 of bytes, as `data` has them. */
  readonly bytes: boolean;
  /** What stands in the text for secrets of the config, by their keys. */
  readonly probes: ReadonlyMap<string, Probe>;
}

/** How a place is called. */
export const placeOf = ({ cluster, namespace, secret, key }: SecretKey): string =>
  `${cluster}: ${namespace}/${secret} ${key}`;

/** Every key of every named Secret that the program makes, whichever system it is of. */
export async function secretTemplates({
  name,
  file,
}: Pick<StackSecrets, "name" | "file">): Promise<readonly Template[]> {
  const stack = readStackFile(file);
  const wanted = secretsOf(stack, Object.values(schemas));
  // Samples of another seed than the usual ones, of which some are alike: one secret would be taken for another.
  const probes = new Map([...wanted.values()].map(({ key, sample }) => [key, sample("probe")]));
  // What the file has still to get is followed, too: the stack that one moves into is not whole yet.
  const missing = [...wanted.values()].filter(({ key, required }) => required && !stack.entries.has(key));
  const config = new Map([
    ...offlineConfig(stack, (key) => probes.get(key) ?? ""),
    ...missing.map(({ key }) => [key, { value: probes.get(key) ?? "", secret: true }] as const),
  ]);
  const resources = rendered(await runProgram({ stack: name, config }), String);
  return [...objectsByCluster({ resources })].flatMap(([cluster, manifests]) =>
    manifests
      .filter(({ kind, name: secret }) => kind === "Secret" && secret !== "")
      .flatMap(({ namespace, name: secret, body }) =>
        [
          ...Object.entries(asTexts(body.data)).map(([key, base64]) => ({ key, ...fromData(base64, probes) })),
          ...Object.entries(asTexts(body.stringData)).map(([key, text]) => ({ key, text, bytes: false })),
        ].map((one) => ({ ...one, cluster, namespace, secret, probes: probesIn(one.text, probes) })),
      ),
  );
}

function fromData(base64: string, probes: ReadonlyMap<string, string>): Pick<Template, "text" | "bytes"> {
  const text = [...probes.values()].includes(base64) ? undefined : fromBase64(base64);
  return text === undefined ? { text: base64, bytes: true } : { text, bytes: false };
}

function probesIn(text: string, probes: ReadonlyMap<string, string>): ReadonlyMap<string, Probe> {
  const all = innerTexts(text);
  // A list may stand there item by item, as Kafka's brokers do in an address each.
  const items = (own: string): readonly string[] => [own.trim(), ...own.trim().split(",")];
  const isIn = (one: string, [whole = "", ...each]: readonly string[]): boolean =>
    one.includes(whole) || each.every((item) => one.includes(item));
  const here = [...probes].filter(([, own]) => all.some((one) => isIn(one, items(own))));
  return new Map(
    here.map(([key, own]) => [key, { own, others: here.map(([, other]) => other).filter((other) => other !== own) }]),
  );
}

/** A secret's text as a live key has it, in base64 as `data` has all; undefined when it cannot be read there. */
export function liveText(
  { text, bytes, probes }: Pick<Template, "text" | "bytes" | "probes">,
  secret: string,
  base64: string,
): string | undefined {
  const probe = probes.get(secret);
  if (probe === undefined) return undefined;
  if (bytes) return text === probe.own ? base64 : undefined;
  return textWithin(text, Buffer.from(base64, "base64").toString("utf8"), probe);
}
