/** The containers of a render, with resolved variables and files. */
import {
  asList,
  type Json,
  asObject,
  podOf,
  asText,
  asTexts,
  title,
  toManifest,
  type Manifest,
} from "../../policy/manifest.ts";
import type { Registration } from "../../review/evaluate/record.ts";
import { revealed } from "../../review/evaluate/secret.ts";

/** A value that a container gets; without text if it is known only in the cluster. */
interface Given {
  readonly text: string | undefined;
  /** Why it is missing: the Secret, ConfigMap or key is not declared. */
  readonly missing?: string;
}

/** A mount of a container. */
interface Mount {
  readonly path: string;
  readonly writable: boolean;
  readonly kind: "claim" | "scratch" | "files" | "other";
}

/** The pod of a workload. */
export interface Pod {
  /** `Deployment namespace/name`. */
  readonly title: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Json;
  readonly containers: readonly Container[];
  /** Whether a Template describes it; the caller chooses its namespace. */
  readonly template: boolean;
}

/** A container of a pod. */
export interface Container {
  readonly name: string;
  readonly body: Json;
  readonly image: string;
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly variables: ReadonlyMap<string, Given>;
  /** Files of ConfigMaps, Secrets and projections by their path. */
  readonly files: ReadonlyMap<string, Given>;
  readonly mounts: readonly Mount[];
}

/** All objects that a stack declares on its clusters, with decrypted secrets. */
export class World {
  readonly manifests: readonly Manifest[];

  constructor(resources: readonly Registration[]) {
    this.manifests = resources.flatMap(({ type, name, inputs, provider }) => {
      const manifest = toManifest(type, asObject(revealed(inputs)), provider);
      return manifest === undefined ? [] : [{ ...manifest, name: manifest.name === "" ? name : manifest.name }];
    });
  }

  /** Objects of a kind in a namespace of a cluster. */
  all(kind: string, cluster: string, namespace?: string): readonly Manifest[] {
    return this.manifests.filter(
      (one) => one.kind === kind && one.cluster === cluster && (namespace === undefined || one.namespace === namespace),
    );
  }

  /** Whether the cluster is OpenShift. */
  openShift(cluster: string): boolean {
    return this.manifests.some((one) => one.cluster === cluster && one.apiVersion.includes("openshift.io"));
  }

  /** Pods of all workloads and Templates; a Template's once for each namespace of `runsIn`. */
  pods(runsIn: (image: string) => string | undefined): readonly Pod[] {
    return this.manifests.flatMap((manifest) => {
      if (manifest.kind !== "Template") {
        const pod = this.pod(manifest, false);
        return pod === undefined ? [] : [pod];
      }
      return asList(manifest.body.objects).flatMap((body) => {
        const inner = { ...manifest, kind: asText(body.kind), name: asText(asObject(body.metadata).name), body };
        const spec = podOf(inner);
        const images = (spec?.containers ?? []).map(({ image }) => asText(image));
        const where = images.map(runsIn).find((one) => one !== undefined);
        const namespaces = this.all("Namespace", manifest.cluster).map(({ name }) => name);
        const chosen = where === undefined ? [] : namespaces.filter((name) => new RegExp(`^(?:${where})$`).test(name));
        return (chosen.length > 0 ? chosen : [manifest.namespace]).flatMap((namespace) => {
          const pod = this.pod({ ...inner, namespace }, chosen.length === 0);
          return pod === undefined ? [] : [{ ...pod, title: `Template ${manifest.name} ${title(inner)}` }];
        });
      });
    });
  }

  private pod(manifest: Manifest, template: boolean): Pod | undefined {
    const found = podOf(manifest);
    if (found === undefined) return undefined;
    const { cluster, namespace } = manifest;
    const containers = found.containers.map((body) => this.container(body, found.spec, cluster, namespace, template));
    return { title: title(manifest), cluster, namespace, labels: found.labels, spec: found.spec, containers, template };
  }

  private container(body: Json, pod: Json, cluster: string, namespace: string, template: boolean): Container {
    const read = (kind: string, name: string): ReadonlyMap<string, string> | undefined => {
      const here = this.all(kind, cluster, template ? undefined : namespace).find((one) => one.name === name);
      return here === undefined ? undefined : dataOf(here);
    };
    const variables = new Map<string, Given>();
    for (const from of asList(body.envFrom)) {
      for (const [kind, reference] of Object.entries({ Secret: from.secretRef, ConfigMap: from.configMapRef })) {
        for (const [key, value] of read(kind, asText(asObject(reference).name)) ?? []) {
          variables.set(`${asText(from.prefix)}${key}`, { text: value });
        }
      }
    }
    for (const variable of asList(body.env)) {
      variables.set(asText(variable.name), valueOf(variable, read));
    }
    const volumes = new Map(asList(pod.volumes).map((volume) => [asText(volume.name), volume]));
    const files = new Map<string, Given>();
    const mounts = asList(body.volumeMounts).map((mount): Mount => {
      const volume = volumes.get(asText(mount.name)) ?? {};
      const [at, sub] = [asText(mount.mountPath).replace(/\/$/, ""), asText(mount.subPath)];
      const inside = filesOf(volume, read);
      for (const [name, given] of inside ?? []) {
        if (sub === "") files.set(`${at}/${name}`, given);
        else if (sub === name) files.set(at, given);
      }
      const kind =
        inside !== undefined
          ? "files"
          : "persistentVolumeClaim" in volume
            ? "claim"
            : "emptyDir" in volume
              ? "scratch"
              : "other";
      return { path: at, writable: mount.readOnly !== true && inside === undefined, kind };
    });
    // A StatefulSet's volumeClaimTemplates are volumes, too.
    return {
      ...{ name: asText(body.name), body, image: asText(body.image) },
      ...{ command: words(body.command), args: words(body.args), variables: expanded(variables), files },
      mounts: mounts.map((one, index) =>
        volumes.has(asText(asList(body.volumeMounts)[index]?.name)) ? one : { ...one, kind: "claim" },
      ),
    };
  }
}

type Read = (kind: string, name: string) => ReadonlyMap<string, string> | undefined;

function words(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** Keys of a Secret or ConfigMap with their texts. */
function dataOf({ body }: Manifest): ReadonlyMap<string, string> {
  const decoded = Object.entries(asTexts(body.kind === "Secret" ? body.data : body.binaryData)).map(
    ([key, value]): [string, string] => [key, Buffer.from(value, "base64").toString("utf8")],
  );
  return new Map([
    ...decoded,
    ...Object.entries(asTexts(body.stringData)),
    ...(body.kind === "ConfigMap" ? Object.entries(asTexts(body.data)) : []),
  ]);
}

function valueOf(variable: Json, read: Read): Given {
  const from = asObject(variable.valueFrom);
  for (const [kind, field] of [
    ["Secret", "secretKeyRef"],
    ["ConfigMap", "configMapKeyRef"],
  ] as const) {
    if (!(field in from)) continue;
    const { name, key, optional } = asObject(from[field]);
    const held = read(kind, asText(name));
    const value = held?.get(asText(key));
    if (value !== undefined || optional === true) return { text: value };
    return {
      text: undefined,
      missing: `${kind} ${asText(name)} ${held === undefined ? "is not declared" : `has no key ${asText(key)}`}`,
    };
  }
  if ("fieldRef" in from || "resourceFieldRef" in from) return { text: undefined };
  return { text: asText(variable.value) };
}

/** Values with `$(NAME)` expanded, as the kubelet does. */
function expanded(variables: ReadonlyMap<string, Given>): ReadonlyMap<string, Given> {
  const replace = (value: string): string =>
    value.replace(/\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name: string) => variables.get(name)?.text ?? whole);
  return new Map(
    [...variables].map(([name, given]) => [
      name,
      given.text === undefined ? given : { ...given, text: replace(given.text) },
    ]),
  );
}

/** Files of a volume of ConfigMaps, Secrets and projections; undefined for other volumes. */
function filesOf(volume: Json, read: Read): ReadonlyMap<string, Given> | undefined {
  const files = new Map<string, Given>();
  const add = (kind: string, source: Json, name: string): void => {
    const held = read(kind, name);
    const items = Array.isArray(source.items) ? asList(source.items) : undefined;
    if (held === undefined) {
      if (source.optional !== true) files.set("*", { text: undefined, missing: `${kind} ${name} is not declared` });
      return;
    }
    if (items === undefined) for (const [key, value] of held) files.set(key, { text: value });
    for (const item of items ?? []) {
      const value = held.get(asText(item.key));
      const missing =
        value === undefined && source.optional !== true
          ? { missing: `${kind} ${name} has no key ${asText(item.key)}` }
          : {};
      files.set(asText(item.path), { text: value, ...missing });
    }
  };
  if ("secret" in volume) add("Secret", asObject(volume.secret), asText(asObject(volume.secret).secretName));
  else if ("configMap" in volume) add("ConfigMap", asObject(volume.configMap), asText(asObject(volume.configMap).name));
  else if ("projected" in volume) {
    for (const source of asList(asObject(volume.projected).sources)) {
      if ("secret" in source) add("Secret", asObject(source.secret), asText(asObject(source.secret).name));
      if ("configMap" in source) add("ConfigMap", asObject(source.configMap), asText(asObject(source.configMap).name));
      if ("serviceAccountToken" in source)
        files.set(asText(asObject(source.serviceAccountToken).path), { text: undefined });
    }
  } else return undefined;
  return files;
}
