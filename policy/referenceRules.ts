/** Policies for references between objects: every name, key, label and port that is referred to exists. */
import { asList, type Manifest, asObject, podOf, asText, asTexts, title } from "./manifest.ts";
import { backendsOf, keysOf, matches, portsOf, sameNamespace, selects, usesOf } from "./references.ts";

/** A policy about all objects together. `check` returns one sentence per violation. */
export interface SetRule {
  readonly name: string;
  readonly description: string;
  check(manifests: readonly Manifest[], external?: readonly string[]): readonly string[];
}

/** Objects by cluster, kind, namespace and name; `external` exist outside the program, as `Kind namespace/name`. */
class Index {
  private readonly byKey = new Map<string, Manifest>();
  private readonly external: ReadonlySet<string>;

  constructor(manifests: readonly Manifest[], external: readonly string[] = []) {
    for (const one of manifests) this.byKey.set(`${one.cluster} ${title(one)}`, one);
    this.external = new Set(external);
  }

  /** The object, "external" if it exists outside the program, or undefined. */
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
      return manifests.flatMap((one) => check(one, index, manifests).map((violation) => `${title(one)} ${violation}`));
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
    const own = account === undefined ? [] : [{ name: asText(account), namespace: manifest.namespace }];
    const subjects = asList(manifest.body.subjects)
      .filter(({ kind }) => kind === "ServiceAccount")
      .map(({ name, namespace }) => ({ name: asText(name), namespace: asText(namespace) }));
    return [...own, ...subjects].flatMap(({ name, namespace }) =>
      index.find(manifest, "ServiceAccount", name, namespace) === undefined
        ? [`uses service account "${namespace}/${name}", which does not exist`]
        : [],
    );
  }),
  setRule("roles-exist", "Every Role that is bound exists.", (manifest, index) => {
    const { kind, name } = asObject(manifest.body.roleRef);
    return kind === "Role" && index.find(manifest, "Role", asText(name)) === undefined
      ? [`binds Role "${asText(name)}", which does not exist`]
      : [];
  }),
  setRule("claims-exist", "Every PersistentVolumeClaim that a pod mounts exists.", (manifest, index) =>
    asList(podOf(manifest)?.spec.volumes).flatMap((volume) => {
      const { claimName } = asObject(volume.persistentVolumeClaim);
      return claimName !== undefined && index.find(manifest, "PersistentVolumeClaim", asText(claimName)) === undefined
        ? [`mounts claim "${asText(claimName)}", which does not exist`]
        : [];
    }),
  ),
  setRule("volumes-mounted", "Every mount has a volume, and every volume is mounted.", (manifest) => {
    const pod = podOf(manifest);
    const templates = asList(asObject(manifest.body.spec).volumeClaimTemplates).map(
      ({ metadata }) => asObject(metadata).name,
    );
    const volumes = new Set([...asList(pod?.spec.volumes).map(({ name }) => name), ...templates].map(asText));
    const mounts = (pod?.containers ?? []).flatMap(({ volumeMounts }) =>
      asList(volumeMounts).map(({ name }) => asText(name)),
    );
    const missing = mounts
      .filter((name) => !volumes.has(name))
      .map((name) => `mounts "${name}", which is not a volume of the pod`);
    const idle = [...volumes]
      .filter((name) => !mounts.includes(name))
      .map((name) => `never mounts its volume "${name}"`);
    return [...missing, ...idle];
  }),
  setRule("services-select", "Every Service selects pods that have its target port.", (manifest, _, all) => {
    const { selector, ports } = asObject(manifest.body.spec);
    if (manifest.kind !== "Service" || Object.keys(asTexts(selector)).length === 0) return [];
    const pods = all.filter((one) => sameNamespace(one, manifest) && selects(asTexts(selector), one));
    if (pods.length === 0) return [`selects ${JSON.stringify(selector)}, which matches no pod`];
    const known = new Set(pods.flatMap(portsOf));
    return asList(ports).flatMap(({ targetPort }) =>
      known.size === 0 || known.has(targetPort as string | number)
        ? []
        : [`has target port ${String(targetPort)}, which no selected pod declares`],
    );
  }),
  setRule("backends-exist", "Every Route and Ingress leads to a port of a Service.", (manifest, index) =>
    backendsOf(manifest).flatMap(({ service, port }) => {
      const found = index.find(manifest, "Service", service);
      if (found === undefined) return [`leads to Service "${service}", which does not exist`];
      const ports = found === "external" ? [] : asList(asObject(found.body.spec).ports);
      return ports.length === 0 || ports.some((one) => one.name === port || one.port === port)
        ? []
        : [`leads to port ${String(port)} of Service "${service}", which it does not have`];
    }),
  ),
  setRule("budgets", "Workloads with more than one replica have a PodDisruptionBudget.", (manifest, _, all) => {
    const { replicas } = asObject(manifest.body.spec);
    const labels = podOf(manifest)?.labels;
    if (!["Deployment", "StatefulSet"].includes(manifest.kind) || typeof replicas !== "number" || replicas < 2)
      return [];
    const covered = all.some(
      (one) =>
        one.kind === "PodDisruptionBudget" &&
        sameNamespace(one, manifest) &&
        matches(labels, asTexts(asObject(asObject(one.body.spec).selector).matchLabels)),
    );
    return covered ? [] : [`has ${replicas} replicas and no PodDisruptionBudget`];
  }),
  setRule(
    "default-deny",
    "Every namespace of the program denies by default what no other policy allows.",
    (manifest, _, all) => {
      const denies = ({ kind, body, namespace, ...one }: Manifest): boolean => {
        const { podSelector, policyTypes, ingress } = asObject(body.spec);
        const everyPod = kind === "NetworkPolicy" && Object.keys(asObject(podSelector)).length === 0;
        const directions = new Set(Array.isArray(policyTypes) ? policyTypes : []);
        const both = directions.has("Ingress") && directions.has("Egress") && asList(ingress).length === 0;
        return everyPod && both && namespace === manifest.name && one.cluster === manifest.cluster;
      };
      return manifest.kind !== "Namespace" || all.some(denies) ? [] : ["has no NetworkPolicy that denies by default"];
    },
  ),
  setRule("network-policies", "Every pod is selected by a NetworkPolicy.", (manifest, _, all) => {
    const labels = podOf(manifest)?.labels;
    if (labels === undefined) return [];
    const covered = all.some(
      (one) =>
        one.kind === "NetworkPolicy" &&
        sameNamespace(one, manifest) &&
        matches(labels, asTexts(asObject(asObject(one.body.spec).podSelector).matchLabels)),
    );
    return covered ? [] : ["has pods that no NetworkPolicy selects"];
  }),
];
