/** Fields whose change forces a replacement: the providers' rules as data. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** Fields that identify every Kubernetes object. */
const identity = ["metadata.name", "metadata.namespace"];

const container = ["spec.containers", "spec.initContainers"];

/**
 * Fields that pulumi-kubernetes 4.25 replaces for, by type token (its provider/pkg/provider/diff.go, `forceNew`). Our providers
 * update ConfigMaps and Secrets in place. Other fields that the API does not let change fail in `pulumi preview`.
 */
const kubernetes: Readonly<Record<string, readonly string[]>> = {
  "apps/v1:DaemonSet": ["spec.selector"],
  "apps/v1:Deployment": ["spec.selector"],
  "apps/v1:StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1:Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "core/v1:PersistentVolume": ["spec.csi", "spec.hostPath", "spec.local", "spec.nfs"],
  "core/v1:PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "core/v1:Pod": [
    ...["spec.affinity", "spec.nodeSelector", "spec.restartPolicy", "spec.securityContext"],
    ...["spec.serviceAccountName", "spec.terminationGracePeriodSeconds", "spec.volumes", ...container],
  ],
  "core/v1:ResourceQuota": ["spec.scopes"],
  "core/v1:Secret": ["type"],
  "core/v1:Service": ["spec.clusterIP"],
  "rbac.authorization.k8s.io/v1:ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1:RoleBinding": ["roleRef"],
  "storage.k8s.io/v1:StorageClass": ["parameters", "provisioner"],
};

/** The same for the openstack plugin, from its schema (`willReplaceOnChanges`); a live test compares the two. */
const openstack = JSON.parse(readFileSync(path.join(import.meta.dirname, "openstack.json"), "utf8")) as Readonly<
  Record<string, readonly string[]>
>;

/** Types for which any changed input forces a replacement. */
const wholly = /^(random|tls):/;

/** Changed commands run again as an update; changed triggers force a replacement. */
const command = /^command:(local|remote):/;

/** Paths that force a replacement of this type; undefined if every path does. */
function forcing(type: string): readonly string[] | undefined {
  if (wholly.test(type)) return undefined;
  if (command.test(type)) return ["triggers"];
  if (type.startsWith("openstack:")) return openstack[type] ?? [];
  if (type.startsWith("kubernetes:")) return [...identity, ...(kubernetes[type.slice("kubernetes:".length)] ?? [])];
  return [];
}

/** Whether a changed field forces a replacement. */
export function forcesReplacement(type: string, changed: readonly string[], more: readonly string[] = []): boolean {
  const rules = forcing(type);
  return rules === undefined || [...rules, ...more].some((rule) => covers(segments(rule), changed));
}

/** Whether one path is a prefix of the other. */
export function covers(rule: readonly string[], changed: readonly string[]): boolean {
  return rule
    .slice(0, changed.length)
    .every((key, at) => key === changed[at] || (key === "[*]" && changed[at]?.startsWith("[") === true));
}

/** `networks[*].port` -> networks, [*], port. */
export function segments(rule: string): readonly string[] {
  return rule.split(/\.|(?=\[)/);
}
