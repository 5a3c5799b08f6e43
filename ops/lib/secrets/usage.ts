/** Follows secrets through what a program registered. */
import type { RawConfig } from "../../../config/secrets.ts";
import { asList, type Manifest, asObject, podOf, asText, title, toManifest } from "../../../policy/manifest.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { redact, Secret } from "../../../review/evaluate/secret.ts";

/** A place that contains a secret. */
export interface SecretUse {
  /** `Secret namespace/name [key]`, `guest, by NAME`, `login of NAME (KIND)`, ... */
  readonly where: string;
  readonly readers: readonly string[];
}

/** Which Secrets contain each secret of the config, and who reads them. */
export function readersOf(
  resources: readonly Registration[],
  config: RawConfig,
  keys: readonly string[],
): readonly { readonly key: string; readonly places: readonly SecretUse[] }[] {
  const leaves = resources.flatMap((one) => secretLeaves(one.inputs).map((leaf) => ({ one, ...leaf })));
  const manifests = resources.flatMap(
    ({ type, inputs, provider }) => toManifest(type, asObject(redact(inputs)), provider) ?? [],
  );
  return keys.map((key) => {
    const others = [...config].filter(([other, { secret }]) => secret && other !== key).map(([, { value }]) => value);
    const traces = tracesOf(config.get(key)?.value ?? "").filter((trace) => !others.some((one) => one.includes(trace)));
    const found = leaves.filter(({ value }) => traces.some((trace) => value.includes(trace)));
    const places = found.flatMap(({ one, path }) => placeOf(one, path, manifests));
    return { key, places: [...new Map(places.map((place) => [place.where, place])).values()] };
  });
}

/** Texts that show that a leaf was made of a secret: its words, and itself in base64. */
function tracesOf(value: string): readonly string[] {
  if (value === "") return [];
  const words = value.split(/[^A-Za-z0-9+/=_-]+/).filter((word) => word.length >= 12);
  const encoded = Buffer.from(value).toString("base64").replace(/=+$/, "");
  return [...(words.length > 0 ? words : [value]), encoded.slice(0, -2)];
}

/** Leaves of secrets among inputs, with their path. */
function secretLeaves(
  value: unknown,
  path: readonly string[] = [],
  secret = false,
): readonly { path: readonly string[]; value: string }[] {
  if (value instanceof Secret) return secretLeaves(value.value, path, true);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => secretLeaves(item, [...path, key], secret));
  }
  return secret && typeof value === "string" ? [{ path, value }] : [];
}

function placeOf(one: Registration, path: readonly string[], manifests: readonly Manifest[]): readonly SecretUse[] {
  if (one.type.startsWith("pulumi:providers:")) {
    return [{ where: `login of ${one.name} (${one.type.split(":").at(-1) ?? ""})`, readers: ["the engine"] }];
  }
  if (one.type.startsWith("command:")) return [{ where: `guest, by ${one.name}`, readers: ["root there"] }];
  const manifest = toManifest(one.type, asObject(redact(one.inputs)), one.provider);
  if (manifest === undefined) return [];
  const key = path.at(-1) ?? "";
  const readers = [
    ...manifests.flatMap((other) => podsReading(other, manifest, key)),
    ...accountsReading(manifests, manifest),
  ];
  return [{ where: `${title(manifest)} [${key}]`, readers: [...new Set(readers)] }];
}

/** Containers of a workload that get a key of a Secret. */
function podsReading(workload: Manifest, { cluster, namespace, name, kind }: Manifest, key: string): readonly string[] {
  const pod = podOf(workload);
  if (kind !== "Secret" || pod === undefined || workload.cluster !== cluster || workload.namespace !== namespace)
    return [];
  const volumes = asList(pod.spec.volumes)
    .filter((volume) => sourcesOf(volume).some((source) => holds(source, name, key)))
    .map((volume) => asText(volume.name));
  const pulls = asList(pod.spec.imagePullSecrets).some((secret) => asText(secret.name) === name)
    ? ["to pull images"]
    : [];
  const containers = pod.containers.filter(
    ({ env, envFrom, volumeMounts }) =>
      asList(env).some(({ valueFrom }) => {
        const reference = asObject(asObject(valueFrom).secretKeyRef);
        return reference.name === name && reference.key === key;
      }) ||
      asList(envFrom).some(({ secretRef }) => asObject(secretRef).name === name) ||
      asList(volumeMounts).some((mount) => volumes.includes(asText(mount.name))),
  );
  return [...containers.map((one) => asText(one.name)), ...pulls].map((who) => `${title(workload)} ${who}`);
}

/** Secrets that a volume is made of. */
function sourcesOf(volume: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  const { secretName, items } = asObject(volume.secret);
  const projected = asList(asObject(volume.projected).sources).map(({ secret }) => asObject(secret));
  return [{ name: secretName, items }, ...projected];
}

function holds({ name, items }: Readonly<Record<string, unknown>>, wanted: string, key: string): boolean {
  return name === wanted && (items === undefined || asList(items).some((item) => item.key === key));
}

/** Accounts that a declared Role of the namespace lets read Secrets, or one of the platform's ClusterRoles that do. */
function accountsReading(
  manifests: readonly Manifest[],
  { cluster, namespace, name, kind }: Manifest,
): readonly string[] {
  if (kind !== "Secret") return [];
  const here = manifests.filter((one) => one.cluster === cluster && one.namespace === namespace);
  const may = new Set(
    here
      .filter((one) => one.kind === "Role" && asList(one.body.rules).some((rule) => reads(rule, name)))
      .map((role) => role.name),
  );
  return here
    .filter((one) => one.kind === "RoleBinding")
    .flatMap(({ body }) => {
      const { kind: of, name: role } = asObject(body.roleRef);
      const powerful = of === "ClusterRole" && ["admin", "edit", "cluster-admin"].includes(asText(role));
      if (!powerful && !(of === "Role" && may.has(asText(role)))) return [];
      return asList(body.subjects).map(
        (subject) => `${asText(subject.kind)} ${asText(subject.namespace)}/${asText(subject.name)}`,
      );
    });
}

function reads({ resources, verbs, resourceNames }: Readonly<Record<string, unknown>>, name: string): boolean {
  const has = (values: unknown, ...wanted: readonly string[]): boolean =>
    Array.isArray(values) && wanted.some((one) => values.includes(one) || values.includes("*"));
  return (
    has(resources, "secrets") &&
    has(verbs, "get", "list", "watch") &&
    (resourceNames === undefined || has(resourceNames, name))
  );
}
