/** Every other declared object: it is there, and does what its kind is for. */
import { presence, states as stateFindings } from "../../kube/checks.ts";
import { title } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { ClusterReader, LiveObject } from "../clusterReader.ts";
import type { Found } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";
import { isWorkload } from "./workloads.ts";

/** Rows of what is missing or does not work, and one row for all that is well. */
export function objectRows(declared: readonly DeclaredObject[], live: readonly LiveObject[]): readonly Found[] {
  const systems = [...Map.groupBy(declared, ({ system }) => system)];
  return systems.flatMap(([system, own]): readonly Found[] => {
    const manifests = own.map(({ manifest }) => manifest);
    const wrong = [...presence(manifests, live), ...stateFindings(manifests, live)].filter(({ ok }) => !ok);
    const rows = wrong.map(({ object, detail = "" }): Found => ({ system, part: object, state: "bad", text: detail }));
    const missing = new Set(wrong.map(({ object }) => object));
    const well = manifests.filter((one) => !missing.has(title(one))).length;
    const text = `${well} of ${manifests.length} declared objects are there and in order`;
    return [{ system, part: "objects", state: "ok", text }, ...rows];
  });
}

/** All objects of the kinds and namespaces that are declared. */
export async function liveObjects(
  reader: ClusterReader,
  declared: readonly DeclaredObject[],
): Promise<readonly LiveObject[]> {
  const lists = new Map(
    declared.map(({ manifest: { apiVersion, kind, namespace } }) => [
      JSON.stringify([apiVersion, kind, namespace]),
      { apiVersion, kind, namespace },
    ]),
  );
  return (await Promise.all([...lists.values()].map((at) => reader.list(at)))).flat();
}

export const objects: Collector = {
  name: "objects",
  asks: "whether every declared object exists: Routes are admitted, claims bound, CronJobs switched as declared",
  questions: (situation) =>
    perCluster(situation, async ({ objects: all, reader }) => {
      const declared = all.filter((one) => !isWorkload(one));
      return objectRows(declared, await liveObjects(reader, declared));
    }),
};
