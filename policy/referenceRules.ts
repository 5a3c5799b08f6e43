/** What one object says about another must be true: every name, key, label and port that is referred to exists. */
import { list, type Manifest, object, podOf, text, texts, title } from "./manifest.ts";
import { backendsOf, keysOf, matches, portsOf, sameNamespace, selects, usesOf } from "./references.ts";

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
