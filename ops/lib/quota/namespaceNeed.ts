/** What declared objects take of their namespace's ResourceQuota, by the names that Kubernetes has for it. */
import { resourceName } from "../../../blocks/kubernetes/requiredPermissions.ts";
import { quantityOf } from "../../../config/fields.ts";
import { asList, asObject, type Json, type Manifest, podOf } from "../../../policy/manifest.ts";

/** Amounts by name, e.g. `requests.cpu`; processors in cores, memory and storage in bytes. */
export type Need = Readonly<Record<string, number>>;

/**
 * Amounts of all objects of one namespace. A CronJob, Job or DaemonSet counts as one pod; what a rolling update has for a moment on top does not count.
 * @param defaults - the namespace's LimitRanges
 */
export function namespaceNeed(objects: readonly Manifest[], defaults: readonly Json[] = []): Need {
  const total = new Map<string, number>();
  const add = (name: string, amount: number): void => {
    total.set(name, (total.get(name) ?? 0) + amount);
  };
  const limits = containerLimits(defaults);
  for (const object of objects) {
    add(`count/${resourceName(object)}`, 1);
    if (object.kind === "PersistentVolumeClaim") addClaim(object.body, 1, add);
    const pod = podOf(object);
    if (pod === undefined) continue;
    const { replicas: named } = asObject(object.body.spec);
    const replicas = typeof named === "number" ? named : 1;
    add("pods", replicas);
    for (const claim of asList(asObject(object.body.spec).volumeClaimTemplates)) addClaim(claim, replicas, add);
    for (const [name, amount] of Object.entries(podNeed(pod.spec, limits))) add(name, amount * replicas);
  }
  return Object.fromEntries(total);
}

/** The name that a quota has for a resource: `cpu` is `requests.cpu`, and old names of counts are `count/...`. */
export function quotaName(name: string): string {
  if (name === "cpu" || name === "memory" || name === "ephemeral-storage") return `requests.${name}`;
  const counted = ["configmaps", "secrets", "services", "replicationcontrollers", "resourcequotas"];
  return counted.includes(name) ? `count/${name}` : name;
}

function addClaim(claim: Json, times: number, add: (name: string, amount: number) => void): void {
  const { resources } = asObject(claim.spec);
  add("persistentvolumeclaims", times);
  add("requests.storage", times * amountOf(asObject(asObject(resources).requests).storage));
}

/** Init containers run one after the other, before the others, except for those that go on with them. */
function podNeed(spec: Json, limits: ContainerLimits): Need {
  const own = asList(spec.containers);
  const lasts = ({ restartPolicy }: Json): boolean => restartPolicy === "Always";
  const initial = asList(spec.initContainers);
  const [lasting, first] = [initial.filter(lasts), initial.filter((one) => !lasts(one))];
  const of = (side: "requests" | "limits", name: string): number => {
    const amount = (one: Json): number => {
      const resources = asObject(one.resources);
      const [mine, limit] = [asObject(resources[side])[name], asObject(resources.limits)[name]];
      // As the API server fills in: a request is the limit where only that is given.
      return amountOf(mine ?? limit ?? limits[side][name]);
    };
    const together = [...own, ...lasting].reduce((total, one) => total + amount(one), 0);
    return Math.max(together, ...first.map(amount));
  };
  const names = ["cpu", "memory"];
  const sides = ["requests", "limits"] as const;
  return Object.fromEntries(sides.flatMap((side) => names.map((name) => [`${side}.${name}`, of(side, name)])));
}

type ContainerLimits = Readonly<Record<"requests" | "limits", Json>>;

function containerLimits(ranges: readonly Json[]): ContainerLimits {
  const ours = ranges.flatMap(({ spec }) => asList(asObject(spec).limits)).filter(({ type }) => type === "Container");
  const merged = (key: string): Json => Object.assign({}, ...ours.map((one) => asObject(one[key]))) as Json;
  return { requests: merged("defaultRequest"), limits: merged("default") };
}

const amountOf = (value: unknown): number =>
  typeof value === "number" ? value : typeof value === "string" ? quantityOf(value) : 0;
