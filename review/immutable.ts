/** Which field forces which resource to be made anew: the providers' rules as data. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** Of every Kubernetes object: another name or namespace is another object. */
const identity = ["metadata.name", "metadata.namespace"];

const container = ["spec.containers", "spec.initContainers"];

/**
 * What pulumi-kubernetes 4.25 replaces for (its provider/pkg/provider/diff.go, `forceNew`), by type token. Our providers take
 * changed ConfigMaps and Secrets in place. What the API refuses beyond these fields fails in `pulumi preview`.
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

/** Of the openstack plugin, as its schema says (`willReplaceOnChanges`); a live test compares it with the plugin's. */
const openstack = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "rules", "openstack.json"), "utf8"),
) as Readonly<Record<string, readonly string[]>>;

/** Types of which every input is what they are. */
const wholly = /^(random|tls):/;

/** Commands run anew, as an update, unless their triggers change. */
const command = /^command:(local|remote):/;

/** The paths that force a resource of this type to be made anew; undefined if every path does. */
function forcing(type: string): readonly string[] | undefined {
  if (wholly.test(type)) return undefined;
  if (command.test(type)) return ["triggers"];
  if (type.startsWith("openstack:")) return openstack[type] ?? [];
  if (type.startsWith("kubernetes:")) return [...identity, ...(kubernetes[type.slice("kubernetes:".length)] ?? [])];
  return [];
}

/** Whether a changed field forces the resource to be made anew. */
export function forcesReplacement(type: string, changed: readonly string[], more: readonly string[] = []): boolean {
  const rules = forcing(type);
  return rules === undefined || [...rules, ...more].some((rule) => covers(segments(rule), changed));
}

/** Whether one path lies on the way of the other. */
export function covers(rule: readonly string[], changed: readonly string[]): boolean {
  return rule
    .slice(0, changed.length)
    .every((key, at) => key === changed[at] || (key === "[*]" && changed[at]?.startsWith("[") === true));
}

/** `networks[*].port` -> networks, [*], port. */
export function segments(rule: string): readonly string[] {
  return rule.split(/\.|(?=\[)/);
}
