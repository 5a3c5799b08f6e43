import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Changes with the content; pods that use it carry it as an annotation and so restart. */
export interface RestartChecksum {
  /** e.g. `secret.kebechet-secret`; becomes `orrery/<name>`. */
  readonly name: string;
  readonly value: pulumi.Input<string>;
}

type VolumeSource = Omit<k8s.types.input.core.v1.Volume, "name">;

/** A mount of a container; the pod's volumes are derived from the mounts. */
export interface Mount {
  /** Volume name in the pod; mounts that give the same name share the volume. @default made from container and path */
  readonly volume?: string;
  /** Absent for a claim template of a StatefulSet, whose volume Kubernetes adds itself. */
  readonly source?: VolumeSource;
  /** Distinguishes volumes of the same name. */
  readonly identity: string;
  /** @default false */
  readonly readOnly?: boolean;
  readonly subPath?: string;
  readonly propagation?: "HostToContainer" | "Bidirectional";
  readonly checksum?: RestartChecksum;
}

/** Options of `.mount()`. */
export interface MountOptions {
  /** Volume name in the pod, to share it between containers or to keep a seed's name. */
  readonly volume?: string;
  readonly readOnly?: boolean;
  readonly subPath?: string;
  readonly propagation?: "HostToContainer" | "Bidirectional";
}

/** Options of a mounted Secret or ConfigMap. */
export interface KeyMountOptions<Key extends string> extends MountOptions {
  /** Key -> file name. @default every key under its own name */
  readonly items?: { readonly [K in Key]?: string };
  /** File mode, e.g. 0o440. @default 0o644 */
  readonly mode?: number;
  /** May the object be missing? @default false */
  readonly optional?: boolean;
}

/** An emptyDir. Give it a name to share it between containers; a size such as "64Mi" to bound it. */
export function scratch(options: MountOptions & { size?: string; memory?: boolean } = {}): Mount {
  const emptyDir = {
    ...(options.memory === true ? { medium: "Memory" } : {}),
    ...(options.size === undefined ? {} : { sizeLimit: options.size }),
  };
  return { ...mountFields(options), source: { emptyDir }, identity: "scratch" };
}

/** A claim of the StatefulSet's own `claimTemplates`, by name. */
export function claimTemplate(name: string, options: Omit<MountOptions, "volume"> = {}): Mount {
  return { ...mountFields(options), volume: name, identity: `template/${name}` };
}

/** A PersistentVolumeClaim by its name; for one of the program's own use `claim.mount()`. */
export function existingClaim(claimName: pulumi.Input<string>, label: string, options: MountOptions = {}): Mount {
  return {
    ...mountFields(options),
    volume: options.volume ?? label,
    source: { persistentVolumeClaim: { claimName, ...(options.readOnly === true ? { readOnly: true } : {}) } },
    identity: `claim/${label}`,
  };
}

/** A folder of the node; the container needs the exception `host-path`. */
export function hostPath(path: string, options: MountOptions & { type?: string } = {}): Mount {
  const source = { hostPath: { path, ...(options.type === undefined ? {} : { type: options.type }) } };
  return { ...mountFields(options), source, identity: `host/${path}` };
}

/** Any other volume source (projected, csi, nfs, ...) as Kubernetes spells it. */
export function volume(name: string, source: VolumeSource, options: Omit<MountOptions, "volume"> = {}): Mount {
  return { ...mountFields(options), volume: name, source, identity: `volume/${name}` };
}

/** The members of {@link Mount} that come straight from the options. */
export function mountFields(options: MountOptions): Omit<Mount, "source" | "identity" | "checksum"> {
  return {
    ...(options.volume === undefined ? {} : { volume: options.volume }),
    ...(options.readOnly === undefined ? {} : { readOnly: options.readOnly }),
    ...(options.subPath === undefined ? {} : { subPath: options.subPath }),
    ...(options.propagation === undefined ? {} : { propagation: options.propagation }),
  };
}

/** `{a: "b"}` as Kubernetes' list of key and path. */
export function toItems(items: Readonly<Record<string, string | undefined>> | undefined) {
  return Object.entries(items ?? {}).flatMap(([key, path]) => (path === undefined ? [] : [{ key, path }]));
}
