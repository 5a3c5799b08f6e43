/** What namespaces ask for, against the ResourceQuotas that the same stack declares for them: known without asking a cluster. */
import { quantityOf } from "../config/fields.ts";
import { type Demand, demandOf, gibibyte, sum } from "./demand.ts";
import type { Change } from "./diff/compare.ts";
import { isMap } from "./diff/fields.ts";
import type { Rendered } from "./evaluate/render.ts";
import { valueAt } from "./report/format.ts";

/** One amount of one namespace. */
export interface DeclaredQuota {
  readonly namespace: string;
  readonly measure: keyof Demand;
  /** What the declared workloads and claims ask for; pods that programs make are not in it. */
  readonly need: number;
  /** The lowest quota, in the measure's unit. */
  readonly quota: number;
}

/** Names in a quota of what is counted, and how many of the quota's unit are one of the measure's. */
const amounts: readonly (readonly [measure: keyof Demand, names: readonly string[], unit: number])[] = [
  ["cores", ["requests.cpu", "cpu"], 1],
  ["memory", ["requests.memory", "memory"], gibibyte],
  ["claims", ["requests.storage"], gibibyte],
];

/** The amounts of the namespaces that the changes touch. Quotas of a part of the pods (scopes) are left out. */
export function declaredQuotas(changes: readonly Change[], resources: readonly Rendered[]): readonly DeclaredQuota[] {
  const touched = new Set(changes.flatMap(({ before, after }) => [before, after].map((one) => one && placeOf(one))));
  const byPlace = Map.groupBy(resources, placeOf);
  return [...byPlace].flatMap(([place, objects]) => {
    if (place === undefined || !touched.has(place)) return [];
    const hard = objects.map(({ inputs }) => hardOf(inputs));
    const asked = sum(objects.map(demandOf));
    return amounts.flatMap(([measure, names, unit]) => {
      const quotas = hard.flatMap((one) => names.flatMap((name) => amountOf(one[name])));
      if (quotas.length === 0) return [];
      const [, namespace = ""] = place.split(" ");
      return [{ namespace, measure, need: asked[measure], quota: Math.min(...quotas) / unit }];
    });
  });
}

/** Cluster and namespace of an object; a cluster is known by its provider. */
function placeOf({ type, provider, inputs }: Rendered): string | undefined {
  const namespace = valueAt(inputs, "metadata", "namespace");
  return type.startsWith("kubernetes:") && typeof namespace === "string" ? `${provider} ${namespace}` : undefined;
}

function hardOf(inputs: unknown): Readonly<Record<string, unknown>> {
  const spec = valueAt(inputs, "spec");
  if (valueAt(inputs, "kind") !== "ResourceQuota" || !isMap(spec)) return {};
  if (spec.scopes !== undefined || spec.scopeSelector !== undefined) return {};
  return isMap(spec.hard) ? spec.hard : {};
}

/** A render may be a stranger's: what is no quantity is no quota. */
function amountOf(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "string") return [];
  try {
    return [quantityOf(value)];
  } catch {
    return [];
  }
}
