/** The repositories that Prow serves, one row each; merging, plugins, triggers and reviews are rendered from it. */

/** How one repository is served. */
export interface Repository {
  /** How tide merges. @default tide does not merge */
  readonly merge?: "squash" | "merge";
  /** Does tide also ask for a release note and clean commit messages? Only with `merge`. @default false */
  readonly strict?: true;
  /** Plugins besides those of its organisation. */
  readonly plugins: readonly string[];
  /** Is it in its organisation's group of trusted triggers? @default false */
  readonly trigger?: true;
  /** Do the rules of approve and lgtm hold here? Elsewhere Prow's defaults do. @default false */
  readonly review?: true;
}

const reviewed = ["trigger", "lgtm", "approve"];
const site = ["approve", "lgtm", "owners-label", "trigger"];
const typical = ["trigger", "release-note", "owners-label", "lgtm", "approve"];
/** What organisation kubevirt has for all its repositories, for those of other organisations. */
const everyday = [
  ...["size", "label", "hold", "assign", "blunderbuss", "lifecycle", "verify-owners", "skip", "override", "wip"],
  ...["pony", "dog", "cat", "dco"],
];

const code: Repository = { merge: "squash", strict: true, plugins: typical, trigger: true, review: true };
const web: Repository = { merge: "squash", plugins: site, trigger: true, review: true };

/** Plugins of whole organisations. */
export const organisations: Readonly<Record<string, readonly string[]>> = {
  kubevirt: [...everyday, "invalidcommitmsg"],
  virtblocks: ["trigger", "dco"],
};

/** All repositories by their full name. */
export const repositories: Readonly<Record<string, Repository>> = {
  "kubevirt/ansible-kubevirt-modules": code,
  "kubevirt/bridge-marker": { merge: "squash", strict: true, plugins: typical, review: true },
  "kubevirt/cloud-image-builder": web,
  "kubevirt/cluster-network-addons-operator": code,
  "kubevirt/common-templates": code,
  "kubevirt/community": { merge: "squash", plugins: ["approve", "lgtm", "owners-label"], review: true },
  "kubevirt/containerized-data-importer": code,
  "kubevirt/controller-lifecycle-operator-sdk": { plugins: typical },
  "kubevirt/cpu-nfd-plugin": code,
  "kubevirt/demo": web,
  "kubevirt/hostpath-provisioner": code,
  "kubevirt/hyperconverged-cluster-operator": code,
  "kubevirt/katacoda-scenarios": web,
  "kubevirt/kubectl-virt-plugin": { merge: "squash", plugins: reviewed, review: true },
  "kubevirt/kubevirt": { ...code, merge: "merge" },
  "kubevirt/kubevirt-ansible": { plugins: ["release-note"] },
  "kubevirt/kubevirt-csi": code,
  "kubevirt/kubevirt-ssp-operator": code,
  "kubevirt/kubevirt-template-validator": code,
  "kubevirt/kubevirt-tutorial": web,
  "kubevirt/kubevirt.github.io": web,
  "kubevirt/kubevirtci": { merge: "squash", plugins: reviewed, trigger: true, review: true },
  "kubevirt/kvm-info-nfd-plugin": code,
  "kubevirt/machine-remediation-operator": { merge: "squash", plugins: reviewed, trigger: true, review: true },
  "kubevirt/macvtap-cni": { merge: "squash", strict: true, plugins: typical },
  "kubevirt/must-gather": code,
  "kubevirt/node-labeller": code,
  "kubevirt/node-maintenance-operator": { ...code, merge: "merge" },
  "kubevirt/ovs-cni": { merge: "squash", strict: true, plugins: typical },
  "kubevirt/project-infra": { merge: "squash", plugins: reviewed, trigger: true, review: true },
  "kubevirt/ssp-operator": code,
  "kubevirt/vm-import-operator": { plugins: typical, trigger: true },
  "nmstate/kubernetes-nmstate": {
    merge: "squash",
    strict: true,
    plugins: [...everyday, ...typical],
    trigger: true,
    review: true,
  },
  "k8snetworkplumbingwg/kubemacpool": {
    merge: "squash",
    strict: true,
    plugins: [...everyday, "trigger", "release-note", "lgtm", "approve"],
    trigger: true,
    review: true,
  },
};

/** A repository that only has a group of triggers of its own. */
export const triggerOnly = ["virtblocks/virtblocks"];

/** Names of the repositories that something holds for, in the table's order. */
export function repositoriesWith(holds: (repository: Repository) => boolean): readonly string[] {
  return Object.entries(repositories).flatMap(([name, repository]) => (holds(repository) ? [name] : []));
}
