/** Certificates that the clusters have: in Secrets and Routes. */
import { asObject, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { LiveObject } from "../clusterReader.ts";
import type { Found } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";
import { certificateEnd, endOf } from "./ends.ts";
import { liveObjects } from "./objects.ts";

const kinds = new Set(["Secret", "Route"]);

/** A row for each certificate that a declared object has. */
export function certificateRows(
  declared: readonly DeclaredObject[],
  live: readonly LiveObject[],
  now: Date,
): readonly Found[] {
  return declared.flatMap(({ system, manifest: { kind, namespace, name } }) => {
    const found = live.find(
      (one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace,
    );
    return Object.entries(found === undefined ? {} : textsOf(found)).flatMap(([key, text]): readonly Found[] => {
      const until = certificateEnd(text);
      return until === undefined
        ? []
        : [{ system, part: `${kind} ${namespace}/${name}`, ...endOf(`certificate ${key}`, until, now) }];
    });
  });
}

/** Texts that may hold certificates. */
function textsOf({ kind, data = {}, spec }: LiveObject): Readonly<Record<string, string>> {
  if (kind === "Route") return { "of its own": asText(asObject(spec?.tls).certificate) };
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
}

export const certificates: Collector = {
  name: "certificates",
  asks: "when certificates in the clusters' Secrets and Routes end",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const declared = objects.filter(({ manifest }) => kinds.has(manifest.kind));
        return certificateRows(declared, await liveObjects(reader, declared), situation.now);
      },
      ({ objects }) => objects.some(({ manifest }) => kinds.has(manifest.kind)),
    ),
};
