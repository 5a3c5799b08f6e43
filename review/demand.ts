/** What resources ask of clusters and clouds: processors, memory, disks, servers, addresses. */
import { quantityOf } from "../config/fields.ts";
import type { Change } from "./diff/compare.ts";
import { isMap } from "./diff/fields.ts";
import type { Rendered } from "./evaluate/render.ts";
import { valueAt } from "./report/format.ts";

/** What is counted, with its unit. Pods count by their requests, as the scheduler does. */
export const measures = {
  cores: "cores requested by pods",
  memory: "memory requested by pods, GiB",
  claims: "storage of claims, GiB",
  servers: "servers",
  volumes: "volumes, GiB",
  addresses: "floating IPs",
} as const;

/** Numbers by measure. */
export type Demand = Readonly<Record<keyof typeof measures, number>>;

const none: Demand = { cores: 0, memory: 0, claims: 0, servers: 0, volumes: 0, addresses: 0 };
export const gibibyte = 2 ** 30;

/** How much more a stack asks for, and how much in all; only measures that change. */
export function demandChanges(
  changes: readonly Change[],
  resources: readonly Rendered[],
): readonly { readonly measure: keyof Demand; readonly before: number; readonly after: number }[] {
  const total = sum(resources.map(demandOf));
  const sides = (side: "before" | "after"): Demand =>
    sum(changes.flatMap((one) => (one[side] === undefined ? [] : [demandOf(one[side])])));
  const [before, after] = [sides("before"), sides("after")];
  return (Object.keys(measures) as (keyof Demand)[]).flatMap((measure) => {
    const more = after[measure] - before[measure];
    return Math.abs(more) < 1e-9 ? [] : [{ measure, before: total[measure] - more, after: total[measure] }];
  });
}

/** The sum by measure. */
export function sum(all: readonly Demand[]): Demand {
  const of = (measure: keyof Demand): number => all.reduce((total, one) => total + one[measure], 0);
  return {
    ...{ cores: of("cores"), memory: of("memory"), claims: of("claims") },
    ...{ servers: of("servers"), volumes: of("volumes"), addresses: of("addresses") },
  };
}

/** What one resource asks for. */
export function demandOf({ type, inputs }: Rendered): Demand {
  switch (type) {
    case "openstack:compute/instance:Instance":
      return { ...none, servers: 1 };
    case "openstack:blockstorage/volume:Volume":
      return { ...none, volumes: numberOf(valueAt(inputs, "size")) };
    case "openstack:networking/floatingIp:FloatingIp":
      return { ...none, addresses: 1 };
    default:
      return type.startsWith("kubernetes:") ? ofObject(inputs) : none;
  }
}

/** A workload or a claim; a CronJob counts while one of its jobs runs. */
function ofObject(inputs: unknown): Demand {
  const kind = valueAt(inputs, "kind");
  if (kind === "PersistentVolumeClaim") return { ...none, claims: storageOf(inputs) };
  const [template, replicas] =
    kind === "CronJob"
      ? [valueAt(inputs, "spec", "jobTemplate", "spec", "template"), 1]
      : [valueAt(inputs, "spec", "template"), numberOf(valueAt(inputs, "spec", "replicas") ?? 1)];
  const templates = listAt(inputs, "spec", "volumeClaimTemplates");
  const [cores, memory] = (["cpu", "memory"] as const).map((name) => {
    const requested = (list: string): readonly number[] =>
      listAt(template, "spec", list).map((one) => quantityAt(one, "resources", "requests", name));
    // Init containers run one after the other, before the others.
    return Math.max(
      requested("containers").reduce((total, one) => total + one, 0),
      ...requested("initContainers"),
      0,
    );
  });
  const claims = templates.reduce<number>((total, one) => total + storageOf(one), 0);
  return {
    ...none,
    ...{ cores: (cores ?? 0) * replicas, memory: ((memory ?? 0) / gibibyte) * replicas, claims: claims * replicas },
  };
}

const storageOf = (claim: unknown): number => quantityAt(claim, "spec", "resources", "requests", "storage") / gibibyte;

/** A render may be a stranger's: what is no quantity counts nothing. */
function quantityAt(value: unknown, ...keys: readonly string[]): number {
  const text = valueAt(value, ...keys);
  if (typeof text !== "string") return numberOf(text);
  try {
    return quantityOf(text);
  } catch {
    return 0;
  }
}

function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const list = valueAt(value, ...keys);
  return Array.isArray(list) ? list.filter(isMap) : [];
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);
