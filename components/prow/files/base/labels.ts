/** Labels of issues and pull requests, which the CronJobs label-sync make on GitHub; names as they are there. */

/** One label of labels.yaml. */
export interface Label {
  readonly name: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  readonly target: "prs" | "issues" | "both";
  readonly description?: string;
  readonly prowPlugin?: string;
  readonly addedBy?: string;
  /** Names that it had, whose issues it takes over. */
  readonly previously?: readonly { readonly name: string; readonly color: string }[];
}

type More = Partial<Omit<Label, "name" | "color">>;

const label = (name: string, color: string, more: More = {}): Label => ({ name, color, target: "both", ...more });
/** A label that anyone may set by a command. */
const free = (name: string, color: string, more: More = {}): Label =>
  label(name, color, { prowPlugin: "label", addedBy: "anyone", ...more });
/** A label that a plugin sets. */
const set = (plugin: string, name: string, color: string, more: More = {}): Label =>
  label(name, color, { prowPlugin: plugin, addedBy: "prow", ...more });

const prs = "prs";
const topic = (name: string): Label =>
  free(`sig/${name}`, "c5def5", { previously: [{ name: `topic/${name}`, color: "c5def5" }] });
const size = (name: string, color: string, more: More = {}): Label => set("size", `size/${name}`, color, more);
const renamedSize = (name: string, color: string): Label =>
  size(name, color, { previously: [{ name: `size-${name}`, color: "f9d0c4" }] });

const everywhere: readonly Label[] = [
  free("triage/build-watcher", "8452c9", {
    target: "issues",
    description: "Discovered by a kubevirt build-watcher. Pay attention to these issues to keep CI healthy.",
    previously: [{ name: "triage/build-officer", color: "8452c9" }],
  }),
  set("release-note", "release-note", "c2e0c6", {
    target: prs,
    description: "Denotes a PR that will be considered when it comes time to generate release notes.",
  }),
  set("release-note", "release-note-none", "c2e0c6", {
    target: prs,
    description: "Denotes a PR that doesn't merit a release note.",
  }),
  set("hold", "do-not-merge/hold", "e11d21", {
    target: prs,
    addedBy: "anyone",
    description: "Indicates that a PR should not merge because someone has issued a /hold command.",
  }),
  set("needs-rebase", "needs-rebase", "BDBDBD", {
    target: prs,
    description: "Indicates a PR cannot be merged because it has merge conflicts with HEAD.",
  }),
  set("release-note", "do-not-merge/release-note-label-needed", "e11d21", {
    target: prs,
    description: "Indicates that a PR should not merge because it's missing one of the release note labels.",
    previously: [{ name: "needs/release-note", color: "d4c5f9" }],
  }),
  free("kind/blocker", "b60205"),
  free("kind/bug", "ee0701"),
  free("kind/enhancement", "bfd4f2"),
  free("kind/proposal", "bfd4f2"),
  free("kind/question", "cc317c"),
  free("kind/tracker", "bc19c1"),
  free("kind/api-change", "e11d21", {
    description: "Categorizes issue or PR as related to adding, removing, or otherwise changing an API",
  }),
  size("XS", "009900"),
  renamedSize("S", "77bb00"),
  renamedSize("M", "eebb00"),
  renamedSize("L", "ee9900"),
  renamedSize("XL", "ee5500"),
  size("XXL", "ee0000"),
  set("lifecycle", "lifecycle/active", "8fc951", {
    description: "Indicates that an issue or PR is actively being worked on by a contributor.",
  }),
  set("lifecycle", "lifecycle/frozen", "d3e2f0", {
    description: "Indicates that an issue or PR should not be auto-closed due to staleness.",
  }),
  set("lifecycle", "lifecycle/stale", "795548", {
    description: "Denotes an issue or PR has remained open with no activity and has become stale.",
  }),
  set("lifecycle", "lifecycle/rotten", "604460", {
    description: "Denotes an issue or PR that has aged beyond stale and will be auto-closed.",
  }),
  ...["network", "security", "storage", "virtualization"].map(topic),
];

const review: readonly Label[] = [
  set("lgtm", "lgtm", "15dd18", {
    target: prs,
    addedBy: "reviewers or members",
    description: "Indicates that a PR is ready to be merged.",
  }),
  set("approve", "approved", "0ffa16", {
    target: prs,
    addedBy: "approvers",
    description: "Indicates a PR has been approved by an approver from all required OWNERS files.",
  }),
];

/** Pull requests of non-members run no job until a member has reviewed them. */
const reviewAndTrust: readonly Label[] = [
  ...review,
  set("trigger", "needs-ok-to-test", "b60205", {
    target: prs,
    description: "Indicates a PR that requires an org member to verify it is safe to test.",
  }),
  set("trigger", "ok-to-test", "15dd18", {
    target: prs,
    description: "Indicates a non-member PR verified by an org member that is safe to test.",
  }),
];

const topics = [
  ...["api", "build", "ci", "client", "community", "documentation", "infrastructure", "integration", "packaging"],
  ...["scheduling", "testing"],
];

const kubevirt: readonly Label[] = [
  label("needs/documentation", "d4c5f9"),
  label("priority/backlog", "fbca04"),
  label("priority/critical-urgent", "d93f0b"),
  label("research-needed", "fef2c0"),
  label("wontfix", "ffffff"),
  label("duplicate", "cccccc"),
  label("for/developers", "fef2c0"),
  label("for/users", "fef2c0"),
  label("good-first-issue", "128A0C", {
    target: "issues",
    previously: [{ name: "good first issue", color: "128A0C" }],
  }),
  label("help wanted", "128A0C", { target: "issues" }),
  label("distro/kuberenetes", "fcb3ad"),
  label("distro/openshift", "fcb3ad"),
  ...["operator", "api-server", "controller", "handler", "launcher", "virtctl"].map((name) =>
    label(`area/${name}`, "bfd4f2"),
  ),
  ...topics.map((name) => label(`topic/${name}`, "c5def5")),
  ...reviewAndTrust,
  free("kind/build-change", "e11d21", {
    target: prs,
    description: "Categorizes PRs as related to changing build files of virt-* components",
  }),
  set("release-blocker", "release-blocker", "bf0004", {
    description: "Indicates that a PR or issue is blocking a release from a specific branch.",
  }),
];

const nmstate: readonly Label[] = [
  free("kind/documentation", "167e8c"),
  free("kind/feature", "1a7f08"),
  free("kind/infrastructure", "c90c67"),
  free("kind/refactor", "842700"),
  free("kind/test", "114d6d"),
  label("priority/highest", "fbca04"),
  label("priority/high", "adadeb"),
  label("priority/medium", "c2c2f0"),
  label("priority/low", "d6d6f5"),
  label("priority/lowest", "ebebfa"),
  label("duplicate", "cccccc"),
  label("invalid", "ffffff"),
  label("good first issue", "128A0C", { target: "issues" }),
  label("help wanted", "128A0C", { target: "issues" }),
  ...reviewAndTrust,
];

const repos: Readonly<Record<string, readonly Label[]>> = {
  "kubevirt/kubevirt": kubevirt,
  "kubevirt/project-infra": reviewAndTrust,
  "kubevirt/kubevirtci": reviewAndTrust,
  "kubevirt/kubevirt.github.io": [
    free("kind/blog", "80e591", { target: prs, description: "Label for blog entries" }),
    free("kind/website", "064d70", { description: "Label for web site management/maintenance/..." }),
  ],
  "kubevirt/katacoda-scenarios": reviewAndTrust,
  "kubevirt/kubevirt-tutorial": [
    free("kind/new-lab", "80e591", { target: prs, description: "Label for new Labs included" }),
    free("kind/lab-deployment", "064d70", { target: prs, description: "Label for Lab deployment inclusion" }),
    free("kind/lab-updates", "bfd4f2", { target: prs, description: "Label for Labs updates" }),
  ],
  "kubevirt/hyperconverged-cluster-operator": [
    free("tide/merge-blocker", "e11d21", {
      target: prs,
      addedBy: "openshift-ci",
      description: "Needed to be compatible with openshift CI",
    }),
  ],
  "kubevirt/demo": reviewAndTrust,
  "kubevirt/kubectl-virt-plugin": review,
  "nmstate/kubernetes-nmstate": nmstate,
};

/** Content of labels.yaml. */
export const labels = {
  default: { labels: everywhere },
  repos: Object.fromEntries(Object.entries(repos).map(([name, list]) => [name, { labels: list }])),
};
