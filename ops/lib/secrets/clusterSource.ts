/** A live cluster's Secrets as a store: which key of which Secret a secret becomes is known from the program itself. */
import { UsageError } from "../../../cli/usage.ts";
import { type Json, asList, asObject, asText, asTexts } from "../../../policy/manifest.ts";
import { checkFormat } from "../../../config/formats.ts";
import type { KubectlValues } from "../kube/kubectl.ts";
import { withCluster } from "../program.ts";
import type { StackSecret, StackSecrets } from "./stackSecrets.ts";
import { liveText, placeOf, secretTemplates, type SecretKey, type Template } from "./secretKeys.ts";
import type { SecretSource } from "./sources.ts";

/** Kinds of Secrets that clusters and Helm keep for themselves. */
const theirs = /^(kubernetes\.io\/(service-account-token|dockercfg)|helm\.sh\/)/;

/** A key of a live Secret, its text in base64. */
export interface LiveKey extends SecretKey {
  readonly base64: string;
}

/** Reads the Secrets of all namespaces that contain the stack's secrets. @throws if a cluster does not answer */
export async function clusterSource(
  stackSecrets: StackSecrets,
  values: KubectlValues & { readonly cluster?: string | undefined },
): Promise<SecretSource> {
  const templates = await secretTemplates(stackSecrets);
  const asked = templates.filter(({ probes }) => stackSecrets.secrets.some(({ key }) => probes.has(key)));
  const clusters = [...new Set(asked.map(({ cluster }) => cluster))];
  const only = values.cluster;
  if (only !== undefined && !clusters.includes(only)) {
    throw new UsageError(`the stack has no Secrets in a cluster "${only}"; it has in ${clusters.join(", ")}`);
  }
  if (only === undefined && values.kubeconfig !== undefined && clusters.length > 1) {
    throw new UsageError(`which cluster is that kubeconfig for? --cluster ${clusters.join(" | ")}`);
  }
  const live: LiveKey[] = [];
  for (const cluster of only === undefined ? clusters : [only]) {
    const namespaces = new Set(asked.filter((one) => one.cluster === cluster).map(({ namespace }) => namespace));
    await withCluster(stackSecrets, cluster, values, async (kubectl) => {
      for (const namespace of namespaces) {
        const { items } = await kubectl.get<{ items: readonly Json[] }>("secrets", "--namespace", namespace);
        live.push(...liveKeys(cluster, namespace, items));
      }
    });
  }
  return sourceOf(stackSecrets.secrets, templates, live);
}

/** Keys of the Secrets of a namespace that people made. */
export function liveKeys(cluster: string, namespace: string, secrets: readonly Json[]): readonly LiveKey[] {
  return asList(secrets)
    .filter(({ type }) => !theirs.test(asText(type)))
    .flatMap(({ metadata, data }) => {
      const secret = asText(asObject(metadata).name);
      return Object.entries(asTexts(data)).map(([key, base64]) => ({ cluster, namespace, secret, key, base64 }));
    });
}

/** The store of what lives in clusters. */
export function sourceOf(
  secrets: readonly StackSecret[],
  templates: readonly Template[],
  live: readonly LiveKey[],
): SecretSource {
  const there = new Map(live.map((one) => [placeOf(one), one]));
  const found = new Map(
    secrets.map((secret) => {
      const own = templates.filter(({ probes }) => probes.has(secret.key));
      return [secret.key, lookedUp(secret, own, there, live)] as const;
    }),
  );
  // The program's generated passwords have places, too: they are neither a secret of the config nor left over.
  const made = new Set(templates.map(placeOf));
  const used = new Set([...found.values()].flatMap(({ place, near }) => [place, ...near]));
  return {
    places: [...there.keys()].filter((place) => used.has(place) || !made.has(place)),
    place: ({ key }) => found.get(key)?.place,
    near: ({ key }) => found.get(key)?.near ?? [],
    why: ({ key }) => found.get(key)?.why,
    read(place, { key }) {
      const [own, named] = [found.get(key), there.get(place)];
      if (own?.place === place) return Promise.resolve(own.text);
      if (named === undefined) return Promise.resolve(undefined);
      // A place that somebody names has the form that the program's own has, or nothing but the text.
      const template = templates.find((one) => one.probes.has(key) && one.key === named.key);
      const inside = template === undefined ? undefined : liveText(template, key, named.base64);
      return Promise.resolve(inside ?? wholeText(named));
    },
  };
}

/** What was found out about one secret. */
interface LookedUp {
  /** Where it is, or should be; undefined when there is nothing to take without somebody's word. */
  readonly place: string | undefined;
  readonly text?: string | undefined;
  /** Where it may be instead. */
  readonly near: readonly string[];
  /** Why it was not taken. */
  readonly why?: string | undefined;
}

function lookedUp(
  { key, spec, legacySource }: StackSecret,
  own: readonly Template[],
  there: ReadonlyMap<string, LiveKey>,
  live: readonly LiveKey[],
): LookedUp {
  const hits = own.flatMap((template) => {
    const place = placeOf(template);
    const one = there.get(place);
    return one === undefined ? [] : [{ place, text: liveText(template, key, one.base64) }];
  });
  const read = hits.filter(({ text: one }) => one !== undefined);
  const [first] = read;
  if (first !== undefined) {
    const others = read.filter(({ text: one }) => one !== first.text);
    if (others.length === 0) return { place: first.place, text: first.text, near: [] };
    const places = read.map(({ place }) => place);
    return { place: undefined, near: places, why: `${places.join(" and ")} have different texts` };
  }
  const [unread] = hits;
  if (unread !== undefined) {
    return { place: undefined, near: [], why: `${unread.place} has another form than the program's` };
  }
  // Another namespace of the stack, or the key that the secret was in before; where what is there may be it.
  const isNear = (one: LiveKey): boolean =>
    own.some(
      ({ cluster, secret, key: name }) => one.cluster === cluster && one.secret === secret && one.key === name,
    ) || ` ${legacySource?.description ?? ""} `.includes(` ${one.secret} ${one.key} `);
  const near = live.filter(isNear).filter((one) => {
    const inside = own.map((template) => liveText(template, key, one.base64)).find((text) => text !== undefined);
    return checkFormat(spec.format ?? "text", inside ?? wholeText(one)) === undefined;
  });
  const place = own[0] === undefined ? undefined : placeOf(own[0]);
  const before =
    place === undefined || near.length > 0
      ? undefined
      : `nothing in ${place} (formerly: ${legacySource?.description ?? "unknown"})`;
  return { place, near: near.map(placeOf), why: before };
}

const wholeText = ({ base64 }: LiveKey): string => Buffer.from(base64, "base64").toString("utf8");
