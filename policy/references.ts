/** What an object says about others: Secrets and ConfigMaps with their keys, backends, ports, selectors. */
import { type Json, list, type Manifest, object, podOf, text } from "./manifest.ts";

/** One use of a key of a Secret or ConfigMap; without `key` the whole object is used. */
interface Use {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key?: string;
}

export function usesOf(manifest: Manifest): readonly Use[] {
  const pod = podOf(manifest);
  if (pod === undefined) return [];
  const fromEnv = pod.containers.flatMap(({ env, envFrom }) => [
    ...list(env).flatMap(({ valueFrom }) => [
      ...use("Secret", object(valueFrom).secretKeyRef, "name"),
      ...use("ConfigMap", object(valueFrom).configMapKeyRef, "name"),
    ]),
    ...list(envFrom).flatMap((source) => [
      ...use("Secret", source.secretRef, "name"),
      ...use("ConfigMap", source.configMapRef, "name"),
    ]),
  ]);
  const sources = list(pod.spec.volumes).flatMap((volume) => [volume, ...list(object(volume.projected).sources)]);
  const fromVolumes = sources.flatMap((source) => [
    ...use(
      "Secret",
      source.secret,
      "secret" in source && "secretName" in object(source.secret) ? "secretName" : "name",
    ),
    ...use("ConfigMap", source.configMap, "name"),
  ]);
  return [...fromEnv, ...fromVolumes];
}

/** The uses of one reference: its key, its items, or the whole object; optional ones may be missing. */
function use(kind: Use["kind"], reference: unknown, nameField: string): readonly Use[] {
  const source: Json = object(reference);
  const name = text(source[nameField]);
  if (name === "" || source.optional === true) return [];
  const keys = [source, ...list(source.items)].map(({ key }) => text(key)).filter((key) => key !== "");
  return keys.length === 0 ? [{ kind, name }] : keys.map((key) => ({ kind, name, key }));
}

export function keysOf({ body }: Manifest): readonly string[] {
  return [body.data, body.stringData, body.binaryData].flatMap((held) => Object.keys(object(held)));
}

export function portsOf(manifest: Manifest): readonly (string | number)[] {
  return (podOf(manifest)?.containers ?? []).flatMap(({ ports }) =>
    list(ports).flatMap(({ name, containerPort }) => [name, containerPort] as (string | number)[]),
  );
}

export function backendsOf({ kind, body }: Manifest): readonly { service: string; port: unknown }[] {
  const spec = object(body.spec);
  if (kind === "Route") {
    return [{ service: text(object(spec.to).name), port: object(spec.port).targetPort }];
  }
  if (kind !== "Ingress") return [];
  return list(spec.rules).flatMap(({ http }) =>
    list(object(http).paths).map(({ backend }) => {
      const service = object(object(backend).service);
      const { name, number } = object(service.port);
      return { service: text(service.name), port: name ?? number };
    }),
  );
}

export function sameNamespace(one: Manifest, other: Manifest): boolean {
  return one.cluster === other.cluster && one.namespace === other.namespace;
}

/** Whether a selector finds pods of a workload; Kubernetes itself labels each pod of a StatefulSet with its name. */
export function selects(selector: Readonly<Record<string, string>>, manifest: Manifest): boolean {
  const { "statefulset.kubernetes.io/pod-name": pod, ...rest } = selector;
  const { replicas } = object(manifest.body.spec);
  const [, set, ordinal] = /^(.*)-(\d+)$/.exec(pod ?? "") ?? [];
  const named = manifest.kind === "StatefulSet" && manifest.name === set && Number(ordinal) < Number(replicas);
  return (pod === undefined || named) && matches(podOf(manifest)?.labels, rest);
}

export function matches(
  labels: Readonly<Record<string, string>> | undefined,
  selector: Readonly<Record<string, string>>,
): boolean {
  return labels !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);
}
