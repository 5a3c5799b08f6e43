import type { Built } from "../kubernetes/fixture.ts";

/** Spec of a pod. */
export type Pod = Readonly<Record<"containers" | "initContainers" | "volumes", Record<string, unknown>[]>>;

/** Spec of a CronJob and of its pod. */
export function cron(
  seen: Built,
  name: string,
): { spec: Record<string, unknown>; job: Record<string, unknown>; pod: Pod } {
  const { jobTemplate, ...spec } = seen.object(`CronJob ${name}`).spec as Record<string, unknown>;
  const { template, ...job } = (jobTemplate as { spec: Record<string, unknown> }).spec;
  return { spec, job, pod: (template as { spec: Pod }).spec };
}

/** Variable -> value, or `Kind name/key`. */
export function env(container: Record<string, unknown> | undefined): Record<string, string> {
  type Ref = { name: string; key: string };
  const variables = container?.env as { name: string; value?: string; valueFrom?: Record<string, Ref> }[];
  return Object.fromEntries(
    variables.map(({ name, value, valueFrom }) => {
      const [[kind, ref] = []] = Object.entries(valueFrom ?? {});
      return [name, value ?? `${String(kind)} ${ref?.name}/${ref?.key}`];
    }),
  );
}

/** Path -> volume. */
export function mounts(pod: Pod, container = pod.containers[0]): Record<string, unknown> {
  const volumes = new Map(pod.volumes.map(({ name, ...source }) => [name, source]));
  const seen = container?.volumeMounts as { name: string; mountPath: string }[];
  return Object.fromEntries(seen.map(({ name, mountPath }) => [mountPath, volumes.get(name)]));
}

/** Spec of a Deployment and of its pod. */
export function app(seen: Built, name: string): { spec: Record<string, unknown>; pod: Pod } {
  const { template, ...spec } = seen.object(`Deployment ${name}`).spec as { template: { spec: Pod } };
  return { spec, pod: template.spec };
}

/** Ports that pods may call (the last rule is theirs, the first is DNS) and who may call them on which. */
export function traffic(seen: Built, name: string): { calls: unknown; calledOn: unknown } {
  const { egress, ingress } = seen.object(`NetworkPolicy ${name}`).spec as Record<string, { ports: object[] }[]>;
  return { calls: egress?.slice(1), calledOn: ingress };
}
