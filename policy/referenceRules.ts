/** What one object says about another must be true: every name, key, label and port that is referred to exists. */
import { type Json, list, type Manifest, object, podOf, text, texts, title } from "./manifest.ts";

/** A rule about all objects together: an empty answer is good, else one sentence a fault. */
export interface SetRule {
  readonly name: string;
  readonly description: string;
  check(manifests: readonly Manifest[], external?: readonly string[]): readonly string[];
}

/** Objects by cluster, kind, namespace and name; `external` are those that others own, as `Kind namespace/name`. */
class Index {
  private readonly byKey = new Map<string, Manifest>();
  private readonly external: ReadonlySet<string>;

  constructor(manifests: readonly Manifest[], external: readonly string[] = []) {
    for (const one of manifests) this.byKey.set(`${one.cluster} ${title(one)}`, one);
    this.external = new Set(external);
  }

  /** The object, or "external", or undefined. */
  find(from: Manifest, kind: string, name: string, namespace = from.namespace): Manifest | "external" | undefined {
    const key = `${kind} ${namespace}/${name}`;
    return this.byKey.get(`${from.cluster} ${key}`) ?? (this.external.has(key) ? "external" : undefined);
  }
}

function setRule(
  name: string,
  description: string,
  check: (manifest: Manifest, index: Index, all: readonly Manifest[]) => readonly string[],
): SetRule {
  return {
    name,
    description,
    check(manifests, external) {
      const index = new Index(manifests, external);
      return manifests.flatMap((one) => check(one, index, manifests).map((fault) => `${title(one)} ${fault}`));
    },
  };
}

/** One use of a key of a Secret or ConfigMap; without `key` the whole object is used. */
interface Use {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key?: string;
}

export const referenceRules: readonly SetRule[] = [
  {
    name: "no-duplicates",
    description: "No object is declared twice.",
    check(manifests) {
      const titles = manifests.map((one) => `${one.cluster} ${one.apiVersion} ${title(one)}`);
      return [...new Set(titles.filter((one, index) => titles.indexOf(one) !== index))].map(
        (one) => `${one} is declared twice`,
      );
    },
  },
  setRule("keys-exist", "Every Secret and ConfigMap key that a pod reads exists.", (manifest, index) =>
    usesOf(manifest).flatMap(({ kind, name, key }) => {
      const found = index.find(manifest, kind, name);
      if (found === undefined) return [`reads ${kind} "${name}", which does not exist`];
      if (found === "external" || key === undefined || keysOf(found).includes(key)) return [];
      return [`reads key "${key}" of ${kind} "${name}", which has ${keysOf(found).join(", ")}`];
    }),
  ),
  setRule("accounts-exist", "Every service account that is used exists.", (manifest, index) => {
    const account = podOf(manifest)?.spec.serviceAccountName;
    const own = account === undefined ? [] : [{ name: text(account), namespace: manifest.namespace }];
    const subjects = list(manifest.body.subjects)
      .filter(({ kind }) => kind === "ServiceAccount")
      .map(({ name, namespace }) => ({ name: text(name), namespace: text(namespace) }));
    return [...own, ...subjects].flatMap(({ name, namespace }) =>
      index.find(manifest, "ServiceAccount", name, namespace) === undefined
        ? [`uses service account "${namespace}/${name}", which does not exist`]
        : [],
    );
  }),
  setRule("roles-exist", "Every Role that is bound exists.", (manifest, index) => {
    const { kind, name } = object(manifest.body.roleRef);
    return kind === "Role" && index.find(manifest, "Role", text(name)) === undefined
      ? [`binds Role "${text(name)}", which does not exist`]
      : [];
  }),
  setRule("claims-exist", "Every claim that a pod mounts exists.", (manifest, index) =>
    list(podOf(manifest)?.spec.volumes).flatMap((volume) => {
      const { claimName } = object(volume.persistentVolumeClaim);
      return claimName !== undefined && index.find(manifest, "PersistentVolumeClaim", text(claimName)) === undefined
        ? [`mounts claim "${text(claimName)}", which does not exist`]
        : [];
    }),
  ),
  setRule("volumes-mounted", "Mounts and volumes of a pod belong together.", (manifest) => {
    const pod = podOf(manifest);
    const templates = list(object(manifest.body.spec).volumeClaimTemplates).map(
      ({ metadata }) => object(metadata).name,
    );
    const volumes = new Set([...list(pod?.spec.volumes).map(({ name }) => name), ...templates].map(text));
    const mounts = (pod?.containers ?? []).flatMap(({ volumeMounts }) =>
      list(volumeMounts).map(({ name }) => text(name)),
    );
    const missing = mounts.filter((name) => !volumes.has(name)).map((name) => `mounts "${name}", which is no volume`);
    const idle = [...volumes]
      .filter((name) => !mounts.includes(name))
      .map((name) => `never mounts its volume "${name}"`);
    return [...missing, ...idle];
  }),
  setRule("services-select", "Every Service selects pods that have its target port.", (manifest, _, all) => {
    const { selector, ports } = object(manifest.body.spec);
    if (manifest.kind !== "Service" || Object.keys(texts(selector)).length === 0) return [];
    const pods = all.filter((one) => sameNamespace(one, manifest) && selects(texts(selector), one));
    if (pods.length === 0) return [`selects ${JSON.stringify(selector)}, which no pod carries`];
    const known = new Set(pods.flatMap(portsOf));
    return list(ports).flatMap(({ targetPort }) =>
      known.size === 0 || known.has(targetPort as string | number)
        ? []
        : [`has target port ${String(targetPort)}, which no selected pod declares`],
    );
  }),
  setRule("backends-exist", "Every Route and Ingress leads to a port of a Service.", (manifest, index) =>
    backendsOf(manifest).flatMap(({ service, port }) => {
      const found = index.find(manifest, "Service", service);
      if (found === undefined) return [`leads to Service "${service}", which does not exist`];
      const ports = found === "external" ? [] : list(object(found.body.spec).ports);
      return ports.length === 0 || ports.some((one) => one.name === port || one.port === port)
        ? []
        : [`leads to port ${String(port)} of Service "${service}", which it does not have`];
    }),
  ),
  setRule("budgets", "More than one replica has a budget for disruptions.", (manifest, _, all) => {
    const { replicas } = object(manifest.body.spec);
    const labels = podOf(manifest)?.labels;
    if (!["Deployment", "StatefulSet"].includes(manifest.kind) || typeof replicas !== "number" || replicas < 2)
      return [];
    const covered = all.some(
      (one) =>
        one.kind === "PodDisruptionBudget" &&
        sameNamespace(one, manifest) &&
        matches(labels, texts(object(object(one.body.spec).selector).matchLabels)),
    );
    return covered ? [] : [`has ${replicas} replicas and no PodDisruptionBudget`];
  }),
  setRule("network-policies", "Some NetworkPolicy speaks about every pod.", (manifest, _, all) => {
    const labels = podOf(manifest)?.labels;
    if (labels === undefined) return [];
    const covered = all.some(
      (one) =>
        one.kind === "NetworkPolicy" &&
        sameNamespace(one, manifest) &&
        matches(labels, texts(object(object(one.body.spec).podSelector).matchLabels)),
    );
    return covered ? [] : ["has pods that no NetworkPolicy speaks about"];
  }),
];

function usesOf(manifest: Manifest): readonly Use[] {
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

function keysOf({ body }: Manifest): readonly string[] {
  return [body.data, body.stringData, body.binaryData].flatMap((held) => Object.keys(object(held)));
}

function portsOf(manifest: Manifest): readonly (string | number)[] {
  return (podOf(manifest)?.containers ?? []).flatMap(({ ports }) =>
    list(ports).flatMap(({ name, containerPort }) => [name, containerPort] as (string | number)[]),
  );
}

function backendsOf({ kind, body }: Manifest): readonly { service: string; port: unknown }[] {
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

function sameNamespace(one: Manifest, other: Manifest): boolean {
  return one.cluster === other.cluster && one.namespace === other.namespace;
}

/** Whether a selector finds pods of a workload; Kubernetes itself labels each pod of a StatefulSet with its name. */
function selects(selector: Readonly<Record<string, string>>, manifest: Manifest): boolean {
  const { "statefulset.kubernetes.io/pod-name": pod, ...rest } = selector;
  const { replicas } = object(manifest.body.spec);
  const [, set, ordinal] = /^(.*)-(\d+)$/.exec(pod ?? "") ?? [];
  const named = manifest.kind === "StatefulSet" && manifest.name === set && Number(ordinal) < Number(replicas);
  return (pod === undefined || named) && matches(podOf(manifest)?.labels, rest);
}

function matches(
  labels: Readonly<Record<string, string>> | undefined,
  selector: Readonly<Record<string, string>>,
): boolean {
  return labels !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);
}
