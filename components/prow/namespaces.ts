import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { everything, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { metadata, withManagedBy } from "../../blocks/kubernetes/metadata.ts";
import type { ProwSettings } from "./settings.ts";
import { prowJobCrd } from "./crd/index.ts";
import { onCacheDisks, onWorkers } from "./context.ts";
import { named } from "./names.ts";

export interface BaseArgs {
  readonly settings: ProwSettings;
  readonly cluster: Cluster;
}

/** Labels of nodes by what they are for; everything that is pinned asks for these. */
const nodeLabels = {
  cache: { ...onCacheDisks, "ci.kubevirt.io/cachenode": "true", dedicated: "ghproxy" },
  worker: onWorkers,
  ingress: { role: "ingress-controller" },
} as const;

/** Prerequisites of Prow's programs: both namespaces, labelled nodes, volumes, the ProwJob kind. */
export class Base extends pulumi.ComponentResource {
  readonly namespace: Namespace;
  readonly jobs: Namespace;
  /** Created before anything that makes a ProwJob or selects a node. */
  readonly first: readonly pulumi.Resource[];

  constructor(name: string, args: BaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Base", name, {}, opts);
    const { settings, cluster } = args;
    const { namespaces, protect, retainOnDelete } = settings;
    this.namespace = new Namespace(
      `${name}-prow`,
      {
        cluster,
        name: namespaces.prow,
        podSecurity: { level: "privileged", reason: "the caches are folders of their node, written by root" },
        retention: { protect, retainOnDelete },
      },
      { parent: this },
    );
    this.jobs = new Namespace(
      `${name}-jobs`,
      {
        cluster,
        name: namespaces.jobs,
        podSecurity: { level: "privileged", reason: "jobs run clusters and containers of their own" },
        retention: { protect, retainOnDelete },
      },
      { parent: this },
    );
    // A job may fetch whatever it tests, and has no callers.
    new NetworkPolicy(
      `${name}-jobs-network`,
      {
        namespace: this.jobs,
        name: named(settings, "jobs"),
        pods: { "created-by-prow": "true" },
        egress: [everything()],
      },
      { parent: this },
    );
    // Without requests job pods would be scheduled anywhere without limits.
    new k8s.core.v1.LimitRange(
      `${name}-jobs-limits`,
      {
        metadata: metadata({ namespace: this.jobs, name: named(settings, "mem-limit-range") }),
        spec: { limits: [{ type: "Container", defaultRequest: { memory: "1Gi", cpu: "100m" } }] },
      },
      { parent: this },
    );
    this.first = [...this.labelNodes(name, settings), ...this.volumes(name, settings), ...this.kind(name, settings)];
    this.registerOutputs({});
  }

  /** Labels only: the nodes are the cluster's, and keep their labels when this stack goes. */
  private labelNodes(name: string, { nodes }: ProwSettings): pulumi.Resource[] {
    return Object.entries(nodes).map(([node, uses]) => {
      const labels = Object.fromEntries(uses.flatMap((use) => Object.entries(nodeLabels[use])));
      // Looked up first: a patch of a missing node would create a Node without a machine.
      const found = k8s.core.v1.Node.get(`${name}-${node}-found`, node, { parent: this });
      return new k8s.core.v1.NodePatch(
        `${name}-${node}`,
        { metadata: { name: node, labels } },
        { parent: this, dependsOn: [found], retainOnDelete: true },
      );
    });
  }

  /** Volumes in folders of the cache node. */
  private volumes(name: string, settings: ProwSettings): pulumi.Resource[] {
    const { localVolumes } = settings;
    if (localVolumes === undefined) return [];
    const { node, size } = localVolumes;
    const affinity = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
    return ["ghproxy", "greenhouse", "docker-mirror-proxy"].map(
      (cache) =>
        new k8s.core.v1.PersistentVolume(
          `${name}-${cache}-cache`,
          {
            metadata: { name: named(settings, `${cache}-cache`), labels: withManagedBy({ app: cache }) },
            spec: {
              capacity: { storage: size },
              accessModes: ["ReadWriteOnce"],
              volumeMode: "Filesystem",
              storageClassName: "local",
              persistentVolumeReclaimPolicy: "Delete",
              local: { path: `/tmp/${cache}` },
              nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [affinity] }] } },
            },
          },
          { parent: this },
        ),
    );
  }

  /** The ProwJob kind. Deleting it would delete every ProwJob of every environment in the cluster. */
  private kind(name: string, { crd, protect }: ProwSettings): pulumi.Resource[] {
    if (crd === "existing") return [];
    const { metadata: known, spec } = prowJobCrd;
    return [
      new k8s.apiextensions.v1.CustomResourceDefinition(
        `${name}-prowjobs`,
        { metadata: { ...known, labels: withManagedBy() }, spec },
        { parent: this, protect, retainOnDelete: true },
      ),
    ];
  }
}
