/** The provisioner `orrery.lab/volume` of real nodes: a folder of the lab for each claim, which every node can mount. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { KubeApi, KubeObject } from "../api.ts";
import { volumeProvisioner } from "../objects.ts";

export interface Claim extends KubeObject {
  readonly spec: {
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly volumeName?: string;
  };
  readonly status: { readonly phase?: string; readonly capacity?: { readonly storage: string } };
}

export interface Volume extends KubeObject {
  readonly spec: {
    readonly capacity: { readonly storage: string };
    readonly persistentVolumeReclaimPolicy: string;
    readonly local?: { readonly path: string };
  };
  readonly status: { readonly phase?: string };
}

export interface StorageClass extends KubeObject {
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
}

/** What the provisioner acts on. */
export interface VolumeInputs {
  readonly claims: readonly Claim[];
  readonly volumes: readonly Volume[];
  readonly classes: readonly StorageClass[];
}

const wantedBy = "volume.kubernetes.io/storage-provisioner";
const madeBy = "pv.kubernetes.io/provisioned-by";
const nameOf = (claim: Claim): string => `pvc-${claim.metadata.uid ?? ""}`;

/** Seconds after which a claim should have its volume. */
const patience = 60;

/** Claims, as `namespace/name`, that should have had a volume for a while; those that wait for their first pod are not meant. */
export function overdueClaims(
  claims: readonly Claim[],
  classes: readonly StorageClass[],
  now: Date,
): readonly string[] {
  const late = claims.filter(({ metadata, spec, status }) => {
    const found = classes.find(({ metadata: { name } }) => name === spec.storageClassName);
    const waitsForPod =
      found?.volumeBindingMode === "WaitForFirstConsumer" && metadata.annotations?.[wantedBy] === undefined;
    const age = now.getTime() - new Date(String(metadata.creationTimestamp)).getTime();
    return status.phase === "Pending" && age > patience * 1000 && !waitsForPod;
  });
  return late.map(({ metadata: { namespace = "", name } }) => `${namespace}/${name}`).sort();
}

/** Makes, grows and deletes volumes until they are what the claims ask for. @param folder - holds the volumes' folders */
export async function provision(api: KubeApi, folder: string, inputs: VolumeInputs): Promise<void> {
  const { claims, volumes, classes } = inputs;
  const ours = new Map(
    volumes
      .filter(({ metadata }) => metadata.annotations?.[madeBy] === volumeProvisioner)
      .map((v) => [v.metadata.name, v]),
  );
  for (const claim of claims) {
    if (claim.metadata.annotations?.[wantedBy] !== volumeProvisioner || claim.spec.volumeMode === "Block") continue;
    const volume = ours.get(nameOf(claim));
    const { storage } = claim.spec.resources.requests;
    if (volume === undefined) {
      if (claim.spec.volumeName !== undefined || claim.metadata.deletionTimestamp !== undefined) continue;
      const place = path.join(folder, nameOf(claim));
      mkdirSync(place, { recursive: true, mode: 0o755 });
      const found = classes.find(({ metadata }) => metadata.name === claim.spec.storageClassName);
      await api.apply(volumeOf(claim, place, found?.reclaimPolicy ?? "Delete"));
    } else if (claim.status.phase === "Bound" && claim.status.capacity?.storage !== storage) {
      // No quota is set on the folder: its size is what the claim says.
      await api.patch(`/api/v1/persistentvolumes/${nameOf(claim)}`, { spec: { capacity: { storage } } });
      const { namespace, name } = claim.metadata;
      const status = { capacity: { storage }, conditions: null, allocatedResourceStatuses: null };
      await api.patch(`/api/v1/namespaces/${namespace ?? ""}/persistentvolumeclaims/${name}/status`, { status });
    }
  }
  for (const { metadata, spec, status } of ours.values()) {
    const released = status.phase === "Released" && spec.persistentVolumeReclaimPolicy === "Delete";
    if (!released || metadata.deletionTimestamp !== undefined) continue;
    const place = path.join(folder, metadata.name);
    if (spec.local?.path === place && existsSync(place)) rmSync(place, { recursive: true });
    await api.delete(`/api/v1/persistentvolumes/${metadata.name}`);
  }
}

function volumeOf(claim: Claim, place: string, reclaimPolicy: string): KubeObject {
  const { namespace, name, uid } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: nameOf(claim), annotations: { [madeBy]: volumeProvisioner } },
    spec: {
      accessModes: claim.spec.accessModes,
      capacity: { storage: claim.spec.resources.requests.storage },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
      local: { path: place },
      // All nodes are on this machine.
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "Exists" }] }],
        },
      },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: claim.spec.storageClassName,
      volumeMode: "Filesystem",
    },
  };
}
