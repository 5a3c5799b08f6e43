/** Refuses to replace a live text by a published sample: `allowSamples` is for clusters that hold nothing but samples. */
import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { askCluster, type ClusterApi, LoginError, NoKubectlError } from "../clusterApi.ts";
import type { ConfigOf } from "../define.ts";
import type { RunningStack } from "../load.ts";
import type { PublishedSamples } from "../published.ts";
import type { clustersSchema } from "../targets.ts";
import { textOf } from "./permissions.ts";

/** A Kubernetes object before it is registered; its body may have Outputs inside. */
interface DeclaredObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A key of a declared Secret that would become a sample. */
interface SampleKey {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly text: string;
}

/**
 * Compares the samples that would be deployed with what is live, in every cluster with `allowSamples` but the lab.
 * @throws pulumi.RunError with every text that would be lost; texts that depend on generated ones are not known yet, and not compared
 */
export async function assertOnlySamplesReplaced(
  objects: ReadonlyMap<string, readonly DeclaredObject[]>,
  clusters: ConfigOf<typeof clustersSchema> | undefined,
  samples: () => PublishedSamples,
  stack: () => RunningStack,
): Promise<void> {
  if (clusters === undefined || pulumi.runtime.getEngine() === undefined) return;
  const open = Object.entries(clusters.settings).filter(([, { lab, allowSamples }]) => lab !== true && allowSamples);
  const lost: string[] = [];
  for (const [cluster] of open) {
    const known = await sampleKeys(objects.get(cluster) ?? [], samples());
    if (known.length === 0) continue;
    try {
      const kubeconfig = await textOf(clusters.keyedSecrets.kubeconfigs[cluster]);
      const found = await askCluster(kubeconfig, (api) => replacedTexts(api, known, samples()));
      lost.push(...found.map((place) => `  cluster ${cluster}, ${place}`));
    } catch (error) {
      // The check of permissions has decided whether an update goes on without an answer.
      if (!(error instanceof LoginError || error instanceof NoKubectlError)) throw error;
      void pulumi.log.warn(`samples for cluster ${cluster} were not compared with what is live: ${error.message}`);
    }
  }
  if (lost.length > 0) throw new pulumi.RunError(lostText(lost, stack().name));
}

function lostText(lost: readonly string[], stack: string): string {
  return [
    "published samples would replace live texts that are none; nothing was changed:",
    ...lost,
    `take them over: npm run ops -- secrets import cluster --stack ${stack}; or, if they may be lost, delete these Secrets first`,
  ].join("\n");
}

/** Keys of declared Secrets whose text has a sample in it. */
async function sampleKeys(
  objects: readonly DeclaredObject[],
  samples: PublishedSamples,
): Promise<readonly SampleKey[]> {
  const secrets = objects.filter(({ kind }) => kind === "Secret");
  const texts = secrets.flatMap(({ namespace, name, body }) =>
    (["data", "stringData"] as const).map(async (field) => {
      const known = await knownNow(body[field]);
      return Object.entries(known).map(([key, text]) => ({
        ...{ namespace, name, key },
        text: field === "data" ? Buffer.from(text, "base64").toString() : text,
      }));
    }),
  );
  return (await Promise.all(texts)).flat().filter(({ text }) => samples.isIn(text));
}

/** The texts that are known before anything is registered: of the others each waits for a resource. */
async function knownNow(texts: unknown): Promise<Readonly<Record<string, string>>> {
  const known: Record<string, string> = {};
  const note = (all: unknown): void => {
    for (const [key, text] of Object.entries((all ?? {}) as Readonly<Record<string, pulumi.Input<string>>>)) {
      pulumi.output(text).apply((plain: unknown) => {
        if (typeof plain === "string") known[key] = plain;
      });
    }
  };
  if (pulumi.Output.isInstance(texts)) texts.apply(note);
  else note(texts);
  await setTimeout(50);
  return known;
}

/** Places of live texts that are neither samples nor equal to what would replace them. */
async function replacedTexts(
  api: ClusterApi,
  keys: readonly SampleKey[],
  samples: PublishedSamples,
): Promise<readonly string[]> {
  const secrets = Map.groupBy(keys, ({ namespace, name }) => `/api/v1/namespaces/${namespace}/secrets/${name}`);
  const found = [...secrets].map(async ([path, own]) => {
    const { data = {} } = ((await api.find(path)) ?? {}) as { readonly data?: Readonly<Record<string, string>> };
    return own.flatMap(({ namespace, name, key, text }) => {
      const live = Buffer.from(data[key] ?? "", "base64").toString();
      return live === "" || live === text || samples.isIn(live) ? [] : [`Secret ${namespace}/${name} ${key}`];
    });
  });
  return (await Promise.all(found)).flat();
}
