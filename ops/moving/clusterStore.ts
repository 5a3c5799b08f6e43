/** A live cluster's Secrets as a store: which key of which Secret a secret becomes is known from the program itself. */
import { type Json, list, object, text, texts } from "../../policy/manifest.ts";
import { rendered, runProgram, stackConfig } from "../../review/render.ts";
import { text as option, UsageError, type Values } from "../command.ts";
import { objectsByCluster, withCluster } from "../program.ts";
import type { HeldStack } from "./held.ts";
import type { Store } from "./stores.ts";

/** Kinds of Secrets that clusters and Helm keep for themselves. */
const theirs = /^(kubernetes\.io\/(service-account-token|dockercfg)|helm\.sh\/)/;

/** A key of a Secret that the program makes. */
interface SecretKey {
  readonly cluster: string;
  readonly namespace: string;
  readonly secret: string;
  readonly key: string;
  /** The text, samples standing for secrets; base64 for keys of `data`. */
  readonly text: string;
}

/** Every key of every named Secret that the program makes for the systems at hand. */
async function programSecrets({ name, file, systems, secrets }: HeldStack): Promise<readonly SecretKey[]> {
  const needed = secrets.filter(({ required }) => required);
  const samples = needed.map(({ key, sample }) => [key, { value: sample(), secret: true }] as const);
  // What the file has still to get stands as a sample, too: the stack that one moves into is not whole yet.
  const config = new Map([...samples, ...stackConfig(name, file)]);
  const recording = await runProgram({ stack: name, config });
  const ours = systems.map(({ schema }) => `::orrery:${schema.namespace}:`);
  const resources = rendered(recording, String).filter(({ urn }) => ours.some((system) => urn.includes(system)));
  return [...objectsByCluster({ resources })].flatMap(([cluster, manifests]) =>
    manifests
      .filter(({ kind, name: secret }) => kind === "Secret" && secret !== "")
      .flatMap(({ namespace, name: secret, body }) =>
        Object.entries({ ...texts(body.data), ...texts(body.stringData) }).map(([key, one]) => {
          return { cluster, namespace, secret, key, text: one };
        }),
      ),
  );
}

const placeOf = ({ cluster, namespace, secret, key }: Omit<SecretKey, "text">): string =>
  `${cluster}: ${namespace}/${secret} ${key}`;

/** Reads the Secrets of all namespaces that the program has some in. @throws if a cluster does not answer */
export async function clusterStore(held: HeldStack, values: Values): Promise<Store> {
  const made = await programSecrets(held);
  const clusters = [...new Set(made.map(({ cluster }) => cluster))];
  const only = option(values, "cluster");
  if (only !== undefined && !clusters.includes(only)) {
    throw new UsageError(`the stack has no Secrets in a cluster "${only}"; it has in ${clusters.join(", ")}`);
  }
  if (only === undefined && option(values, "kubeconfig") !== undefined && clusters.length > 1) {
    throw new UsageError(`which cluster is that kubeconfig for? --cluster ${clusters.join(" | ")}`);
  }
  const live = new Map<string, string>();
  for (const cluster of only === undefined ? clusters : [only]) {
    const namespaces = new Set(made.filter((one) => one.cluster === cluster).map(({ namespace }) => namespace));
    await withCluster(held, cluster, values, async (kubectl) => {
      for (const namespace of namespaces) {
        const { items } = await kubectl.get<{ items: readonly Json[] }>("secrets", "--namespace", namespace);
        for (const [place, base64] of keysOf(cluster, namespace, items)) live.set(place, base64);
      }
    });
  }
  // The program's generated passwords have places, too: they are neither a secret of the config nor left over.
  const generated = new Set(made.map(placeOf));
  const places = new Map<string, string>();
  for (const { key, sample } of held.secrets) {
    const own = sample();
    const found = made.filter((one) => one.text === own);
    const there = found.find((one) => live.has(placeOf(one))) ?? found[0];
    if (there !== undefined) places.set(key, placeOf(there));
  }
  const used = new Set(places.values());
  return {
    places: [...live.keys()].filter((place) => used.has(place) || !generated.has(place)),
    place: ({ key }) => places.get(key),
    read(place, { spec }) {
      const base64 = live.get(place);
      if (base64 === undefined || spec.format === "base64") return Promise.resolve(base64);
      return Promise.resolve(Buffer.from(base64, "base64").toString("utf8"));
    },
  };
}

function keysOf(cluster: string, namespace: string, secrets: readonly Json[]): readonly (readonly [string, string])[] {
  return list(secrets)
    .filter(({ type }) => !theirs.test(text(type)))
    .flatMap(({ metadata, data }) =>
      Object.entries(texts(data)).map(([key, base64]) => {
        const place = placeOf({ cluster, namespace, secret: text(object(metadata).name), key });
        return [place, base64] as const;
      }),
    );
}
