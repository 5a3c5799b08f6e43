/** What a stack declares in a cluster's namespaces, against the ResourceQuotas that the cluster has there. */
import { quantityOf } from "../../../config/fields.ts";
import { asTexts } from "../../../policy/manifest.ts";
import { namespacesOf } from "../status/clusterReader.ts";
import type { DeclaredCluster } from "../status/situation.ts";
import { namespaceNeed, quotaName } from "./namespaceNeed.ts";

/** One amount of one quota. */
export interface QuotaRow {
  /** `cluster online, packit-prod/compute` or `cloud rac`. */
  readonly target: string;
  /** As the quota names it. */
  readonly name: string;
  /** What the stack asks for; undefined if its file does not say. */
  readonly need: number | undefined;
  /** -1 is unlimited. */
  readonly quota: number | undefined;
  readonly used: number | undefined;
}

/** A row for each amount of each ResourceQuota in the stack's namespaces, those of parts of a namespace's pods (scopes) without a need. */
export async function clusterRows({ name, objects, reader }: DeclaredCluster): Promise<readonly QuotaRow[]> {
  const rows = namespacesOf(objects).map(async (namespace) => {
    const kind = { apiVersion: "v1", namespace };
    const [quotas, ranges] = await Promise.all([
      reader.list({ ...kind, kind: "ResourceQuota" }),
      reader.list({ ...kind, kind: "LimitRange" }),
    ]);
    const own = objects.map(({ manifest }) => manifest).filter((one) => one.namespace === namespace);
    const need = namespaceNeed(
      own,
      ranges.flatMap(({ spec }) => (spec === undefined ? [] : [{ spec }])),
    );
    return quotas.flatMap(({ metadata, spec, status }) => {
      const scoped = spec?.scopes !== undefined || spec?.scopeSelector !== undefined;
      const used = asTexts(status?.used);
      return Object.entries(asTexts(spec?.hard)).map(([amount, hard]) => ({
        target: `cluster ${name}, ${namespace}/${metadata.name}`,
        name: amount,
        need: scoped || !isKnown(quotaName(amount)) ? undefined : (need[quotaName(amount)] ?? 0),
        quota: quantityOf(hard),
        used: used[amount] === undefined ? undefined : quantityOf(used[amount]),
      }));
    });
  });
  return (await Promise.all(rows)).flat();
}

/** Whether {@link namespaceNeed} counts it; other amounts, e.g. of a storage class, are the cluster's to know. */
const isKnown = (name: string): boolean =>
  /^(count\/.*|pods|persistentvolumeclaims|requests\.storage|(requests|limits)\.(cpu|memory))$/.test(name);
