/** The objects that every lab's cluster has from the start. */
import type { KubeObject } from "./api.ts";
import { openshiftRoles } from "./openshift.ts";
import { routeHosts } from "./route.ts";

/** Names of the nodes that kwok simulates. */
export const nodeNames = ["node-0", "node-1"];

/** Ample, as no container runs; only the scheduler reads it. */
const capacity = { cpu: "64", memory: "256Gi", pods: "500", "ephemeral-storage": "1Ti" };

/** A node that kwok simulates. */
export function fakeNode(name: string, zone: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/worker": "",
        "topology.kubernetes.io/region": "lab",
        "topology.kubernetes.io/zone": zone,
      },
    },
    status: { allocatable: capacity, capacity },
  };
}

export const fakeNodes: readonly KubeObject[] = nodeNames.map((name, index) => fakeNode(name, `lab-${index}`));

/** What makes the volumes of all classes: kwok's stages, or nodes/provisioner.ts on real nodes. */
export const volumeProvisioner = "orrery.lab/volume";

/** The default class; the other classes that stacks name have the same provisioner. */
export const defaultStorageClass = "standard";

const storageClasses: readonly KubeObject[] = [
  defaultStorageClass,
  "cephfs",
  "eos",
  "ibmc-vpc-block-general-purpose",
].map((name) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name,
    annotations: { "storageclass.kubernetes.io/is-default-class": String(name === defaultStorageClass) },
  },
  provisioner: volumeProvisioner,
  allowVolumeExpansion: true,
}));

export const objects: readonly KubeObject[] = [...storageClasses, ...openshiftRoles, ...routeHosts];
