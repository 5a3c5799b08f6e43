/** Images and machine sizes that run, next to those that the stack declares. */
import { asList, asText, type Json, podOf } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import { liveObjects } from "./objects.ts";
import type { Found } from "../row.ts";
import type { LiveObject } from "../clusterReader.ts";
import type { DeclaredObject } from "../situation.ts";

const kinds = new Set(["Deployment", "StatefulSet", "CronJob"]);

/** Rows of workloads with other images than declared, and one for all others. */
export function imageRows(declared: readonly DeclaredObject[], live: readonly LiveObject[]): readonly Found[] {
  return [...Map.groupBy(declared, ({ system }) => system)].flatMap(([system, own]): readonly Found[] => {
    const rows = own.flatMap(({ manifest }): readonly Found[] => {
      const { kind, namespace, name } = manifest;
      const found = live.find(
        (one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace,
      );
      if (found === undefined) return [];
      const running = containersOf({ kind, body: found as unknown as Json });
      const behind = [...containersOf(manifest)].flatMap(([container, image]) => {
        const runs = running.get(container);
        return runs === image ? [] : [`${container} runs ${runs ?? "no image"}, the stack declares ${image}`];
      });
      return behind.length === 0
        ? []
        : [{ system, part: `${namespace}/${name}`, state: "warn", text: behind.join("; ") }];
    });
    const text = `${own.length - rows.length} of ${own.length} workloads have the declared images`;
    return [{ system, part: "images", state: "ok", text }, ...rows];
  });
}

function containersOf({ kind, body }: { readonly kind: string; readonly body: Json }): ReadonlyMap<string, string> {
  const nothing = { cluster: "", apiVersion: "", namespace: "", name: "" };
  const containers = podOf({ ...nothing, kind, body })?.containers ?? [];
  return new Map(asList(containers).map(({ name, image }) => [asText(name), asText(image)]));
}

export const images: Collector = {
  name: "images",
  asks: "which images run that the stack does not declare",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const declared = objects.filter(({ manifest }) => kinds.has(manifest.kind));
        return imageRows(declared, await liveObjects(reader, declared));
      },
      ({ objects }) => objects.some(({ manifest }) => kinds.has(manifest.kind)),
    ),
};
