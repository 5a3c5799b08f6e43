/** Invented trees of jobs in the shapes of kubevirt/project-infra, with everything that makes real ones hard to load. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { repositoriesWith } from "../../../components/prow/files/base/repositories.ts";
import { type TreeName, trees } from "../../../components/prow/files/base/trees.ts";

/** Repositories with the trigger plugin, which starts jobs. */
const served = repositoriesWith(({ plugins }) => plugins.includes("trigger"));

/** Number of jobs in a tree, the same as in the real one. */
const sizes = { "20201203": { jobs: 377, files: 63 }, "20260723": { jobs: 1644, files: 212 } } as const;

const yes = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [`preset-${name}`, "true"]));
const login = (secret: string, user: string) => ({
  env: [{ name: user, value: "/etc/cred/username" }],
  volumes: [{ name: "kubevirtci-cred", secret: { defaultMode: 0o400, secretName: secret } }],
  volumeMounts: [{ name: "kubevirtci-cred", mountPath: "/etc/cred", readOnly: true }],
});
const says = (name: string, ...variables: readonly string[]) => ({
  labels: yes(name),
  env: variables.map((variable) => ({ name: variable, value: "yes" })),
});

/** Labels of jobs, in rotation; their presets come from config.yaml, the jobs' files or the checkout's config. */
const labels = {
  "20201203": [
    yes("dind-enabled", "docker-mirror-proxy", "shared-images"),
    yes("dind-enabled", "docker-mirror", "bazel-cache"),
    { ...yes("dind-enabled"), "preset-docker-mirror": "false" },
    yes("kubevirtci-quay-credential", "docker-mirror-proxy"),
    yes("project-infra-kubevirtci-docker-credential"),
    yes("kubevirtci-installer-pull-token"),
  ],
  "20260723": [
    yes("podman-in-container-enabled", "docker-mirror-proxy", "podman-shared-images"),
    yes("dind-enabled", "docker-mirror", "bazel-cache"),
    { ...yes("gcs-credentials", "github-credentials"), "preset-docker-mirror-proxy": "false" },
    yes("kubevirtci-quay-credential", "kubevirtci-etcd-in-mem", "gomaxprocs-4"),
    yes("pgp-bot-key", "shared-images", "bazel-unnested"),
  ],
} as const;

/** Presets in files of jobs, as in 2020. */
const inJobs = {
  "kubevirt/kubevirt/kubevirt-presets.yaml": [
    { ...says("bazel-cache", "BAZEL_VERSION", "CACHE_HOST", "CACHE_PORT", "BAZEL_REMOTE_CACHE_ENABLED") },
  ],
  "kubevirt/kubevirtci/kubevirtci-presets.yaml": [
    { labels: yes("kubevirtci-quay-credential"), ...login("kubevirtci-quay-credential", "QUAY_USER") },
    { labels: yes("kubevirtci-installer-pull-token"), ...login("kubevirtci-installer-pull-token", "PULL_SECRET") },
  ],
  "kubevirt/project-infra/project-infra-presets.yaml": [
    {
      labels: yes("project-infra-kubevirtci-docker-credential"),
      ...login("kubevirtci-docker-credential", "DOCKER_USER"),
    },
  ],
};

/** Presets in the checkout's config.yaml, as today; the last one is for all jobs. */
const inConfig = [
  ...[says("dind-enabled", "DOCKER_IN_DOCKER_ENABLED"), says("docker-mirror"), says("docker-mirror-proxy")],
  ...[says("podman-in-container-enabled", "PODMAN"), says("podman-shared-images"), says("bazel-cache", "CACHE_HOST")],
  ...[says("shared-images"), says("bazel-unnested", "UNNESTED"), says("kubevirtci-etcd-in-mem", "ETCD")],
  ...[says("github-credentials", "GIT_ASKPASS"), says("gcs-credentials", "GOOGLE"), says("gomaxprocs-4", "GOMAXPROCS")],
  { labels: yes("kubevirtci-quay-credential"), ...login("kubevirtci-quay-credential", "QUAY_USER") },
  { labels: yes("pgp-bot-key"), volumes: [{ name: "pgp-bot-key", secret: { secretName: "pgp-bot-key" } }] },
  { env: [{ name: "GOPROXY", value: "direct" }] },
];

/** A job with a duplicate map key, which YAML forbids and Prow's parser accepts. */
const doubled = `periodics:
- name: periodic-doubled
  interval: 24h
  decorate: true
  annotations: {testgrid-create-test-group: "false"}
  spec: {containers: [{image: "a:1", command: [a]}]}
  annotations: {testgrid-create-test-group: "true"}
`;

/** A job with YAML's anchors, merges and octal numbers. */
const merged = `prow_ignored:
  usual: &usual
    interval: 24h
    decorate: true
periodics:
- <<: *usual
  name: periodic-merged
  spec:
    containers: [{image: "a:1", command: [a]}]
    volumes: [{name: scratch, emptyDir: {}}, {name: login, secret: {secretName: gcs, defaultMode: 0400}}]
`;

/** Writes a checkout with a tree of that shape. @returns its number of job files */
export function writeCheckout(folder: string, tree: TreeName): number {
  const { jobs, files } = sizes[tree];
  const texts = new Map<string, unknown>();
  for (let file = 0; file < files; file++) {
    const name = served[Math.floor(file / 3) % served.length] ?? "";
    const kind = (["presubmits", "postsubmits", "periodics"] as const)[file % 3] ?? "periodics";
    const own = Array.from({ length: Math.ceil((jobs - file) / files) }, (_, index) => job(tree, kind, file, index));
    const content = kind === "periodics" ? { periodics: own } : { [kind]: { [name]: own } };
    texts.set(`${name}/${path.basename(name)}-${kind}-${file}.yaml`, content);
  }
  if (tree === "20201203") for (const [at, presets] of Object.entries(inJobs)) texts.set(at, { presets });
  const { jobs: root, config } = trees[tree];
  for (const [at, content] of texts) write(path.join(folder, root, at), stringify(content, { version: "1.1" }));
  write(path.join(folder, root, "kubevirt/doubled.yaml"), doubled);
  write(path.join(folder, root, "kubevirt/merged.yaml"), merged);
  write(path.join(folder, root, "kubevirt/OWNERS"), "approvers: []\n");
  const presets = tree === "20201203" ? inConfig.slice(0, 3) : inConfig;
  write(path.join(folder, config), stringify({ presets }, { version: "1.1" }));
  return texts.size + 2;
}

function job(tree: TreeName, kind: "presubmits" | "postsubmits" | "periodics", file: number, index: number): object {
  const number = file * 100 + index;
  const choice = labels[tree];
  return {
    name: `${kind.slice(0, -1)}-${number}`,
    // Current jobs leave it to the configuration.
    ...(tree === "20201203" ? { decorate: true } : {}),
    ...(kind === "periodics" ? { cron: "5 4 * * *" } : {}),
    ...(kind === "presubmits" ? { always_run: false, optional: true } : {}),
    ...(tree === "20260723" && number % 180 !== 0 ? { cluster: "prow-workloads" } : {}),
    labels: choice[number % choice.length],
    spec: { containers: [{ image: "quay.io/kubevirtci/golang:v1", command: ["/bin/true"], resources: {} }] },
  };
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
