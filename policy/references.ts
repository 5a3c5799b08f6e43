/** References of an object to others: Secrets and ConfigMaps with their keys, backends, ports, selectors. */
import { type Json, asList, type Manifest, asObject, podOf, asText } from "./manifest.ts";

/** A reference to a key of a Secret or ConfigMap; without `key`, to the whole object. */
interface Use {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key?: string;
}

export function usesOf(manifest: Manifest): readonly Use[] {
  const pod = podOf(manifest);
  if (pod === undefined) return [];
  const fromEnv = pod.containers.flatMap(({ env, envFrom }) => [
    ...asList(env).flatMap(({ valueFrom }) => [
      ...use("Secret", asObject(valueFrom).secretKeyRef, "name"),
      ...use("ConfigMap", asObject(valueFrom).configMapKeyRef, "name"),
    ]),
    ...asList(envFrom).flatMap((source) => [
      ...use("Secret", source.secretRef, "name"),
      ...use("ConfigMap", source.configMapRef, "name"),
    ]),
  ]);
  const sources = asList(pod.spec.volumes).flatMap((volume) => [volume, ...asList(asObject(volume.projected).sources)]);
  const fromVolumes = sources.flatMap((source) => [
    ...use(
      "Secret",
      source.secret,
      "secret" in source && "secretName" in asObject(source.secret) ? "secretName" : "name",
    ),
    ...use("ConfigMap", source.configMap, "name"),
  ]);
  return [...fromEnv, ...fromVolumes];
}

/** The keys that a reference uses, or the whole object; optional references are left out. */
function use(kind: Use["kind"], reference: unknown, nameField: string): readonly Use[] {
  const source: Json = asObject(reference);
  const name = asText(source[nameField]);
  if (name === "" || source.optional === true) return [];
  const keys = [source, ...asList(source.items)].map(({ key }) => asText(key)).filter((key) => key !== "");
  return keys.length === 0 ? [{ kind, name }] : keys.map((key) => ({ kind, name, key }));
}

export function keysOf({ body }: Manifest): readonly string[] {
  return [body.data, body.stringData, body.binaryData].flatMap((data) => Object.keys(asObject(data)));
}

export function portsOf(manifest: Manifest): readonly (string | number)[] {
  return (podOf(manifest)?.containers ?? []).flatMap(({ ports }) =>
    asList(ports).flatMap(({ name, containerPort }) => [name, containerPort] as (string | number)[]),
  );
}

export function backendsOf({ kind, body }: Manifest): readonly { service: string; port: unknown }[] {
  const spec = asObject(body.spec);
  if (kind === "Route") {
    return [{ service: asText(asObject(spec.to).name), port: asObject(spec.port).targetPort }];
  }
  if (kind !== "Ingress") return [];
  return asList(spec.rules).flatMap(({ http }) =>
    asList(asObject(http).paths).map(({ backend }) => {
      const service = asObject(asObject(backend).service);
      const { name, number } = asObject(service.port);
      return { service: asText(service.name), port: name ?? number };
    }),
  );
}

export function sameNamespace(one: Manifest, other: Manifest): boolean {
  return one.cluster === other.cluster && one.namespace === other.namespace;
}

/** Whether a selector matches pods of a workload; Kubernetes labels each pod of a StatefulSet with its name. */
export function selects(selector: Readonly<Record<string, string>>, manifest: Manifest): boolean {
  const { "statefulset.kubernetes.io/pod-name": pod, ...rest } = selector;
  const { replicas } = asObject(manifest.body.spec);
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
