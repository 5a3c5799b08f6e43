/** What is left of quotas: of namespaces in clusters and of projects in clouds. */
import { quantityOf } from "../../../../config/fields.ts";
import { asTexts } from "../../../../policy/manifest.ts";
import { quotaUse } from "../../cloud/quota.ts";
import { type Collector, perCluster } from "../collector.ts";
import { type LiveObject, namespacesOf } from "../clusterReader.ts";
import type { Found, State } from "../row.ts";
import type { Situation } from "../situation.ts";

/** Part of a quota from which on it is worth a warning. */
const nearlyFull = 0.9;

/** State of a quota. */
function useState(used: number, limit: number): State {
  return used >= limit && limit > 0 ? "bad" : used >= limit * nearlyFull ? "warn" : "ok";
}

/** A row for each ResourceQuota, with its fullest amounts first. */
export function namespaceRows(system: string, quotas: readonly LiveObject[]): readonly Found[] {
  return quotas.flatMap(({ metadata, status }): readonly Found[] => {
    const [hard, used] = [asTexts(status?.hard), asTexts(status?.used)];
    const amounts = Object.entries(hard)
      .map(([name, limit]) => ({ name, limit, used: used[name] ?? "0", part: ratio(used[name] ?? "0", limit) }))
      .toSorted((a, b) => b.part - a.part);
    const [fullest] = amounts;
    if (fullest === undefined) return [];
    const text = amounts
      .slice(0, 4)
      .map((one) => `${one.name} ${one.used} of ${one.limit}`)
      .join(", ");
    const part = `quota ${metadata.namespace ?? ""}/${metadata.name}`;
    // A full quota of a namespace stops new pods only, which the workloads' rows name.
    const state = fullest.part >= nearlyFull ? "warn" : "ok";
    return [{ system, part, state, text }];
  });
}

function ratio(used: string, limit: string): number {
  const [is, most] = [quantityOf(used), quantityOf(limit)];
  return most === 0 ? (is > 0 ? 1 : 0) : is / most;
}

async function ofCloud(situation: Situation, name: string, systems: readonly string[]): Promise<readonly Found[]> {
  const known = (await quotaUse(await situation.cloud(name))).flatMap((one) =>
    one.quota === undefined || one.used === undefined || one.quota < 0
      ? []
      : [{ name: one.name, used: one.used, limit: one.quota }],
  );
  const text = known.map((one) => `${one.name} ${one.used} of ${one.limit}`).join(", ");
  const full = known.filter(({ used, limit }) => useState(used, limit) !== "ok");
  return systems.map((system): Found => {
    const part = `quota of cloud ${name}`;
    if (known.length === 0) return { system, part, state: "ok", text: "nothing is limited" };
    if (full.length === 0) return { system, part, state: "ok", text };
    const state = full.some(({ used, limit }) => useState(used, limit) === "bad") ? "bad" : "warn";
    return {
      system,
      part,
      state,
      text: `nearly used up: ${full.map((one) => `${one.name} ${one.used} of ${one.limit}`).join(", ")}`,
    };
  });
}

export const quota: Collector = {
  name: "quota",
  asks: "what is left of the quotas of namespaces and of clouds' projects",
  questions: (situation) => [
    ...perCluster(situation, async ({ objects, reader }) => {
      const rows = namespacesOf(objects).map(async (namespace) => {
        const system = objects.find(({ manifest }) => manifest.namespace === namespace)?.system ?? "";
        return namespaceRows(system, await reader.list({ apiVersion: "v1", kind: "ResourceQuota", namespace }));
      });
      return (await Promise.all(rows)).flat();
    }),
    ...[...Map.groupBy(situation.resources, ({ cloud }) => cloud)].map(([name, own]) => {
      const systems = [...new Set(own.map(({ system }) => system))];
      return { target: `cloud ${name}`, systems, ask: () => ofCloud(situation, name, systems) };
    }),
  ],
};
