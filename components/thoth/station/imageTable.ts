/** The station's own images, and how the cluster builds them. */
import { sources } from "../images.ts";
import { solverDockerfile } from "./solverImage.ts";

/** How an image is built. */
export interface Build {
  /** Repository of github.com/thoth-station. @default the image's name */
  readonly repository?: string;
  /** The last commit that speaks Dgraph: on 12 September 2019 all of them moved to PostgreSQL. */
  readonly ref: string;
  /** Builder that is given the sources, or the image that the Dockerfile starts from. @default the one that it names */
  readonly from?: "s2i-thoth-ubi8-py36:latest" | "python-36-centos7:latest" | "fedora:28" | "fedora:29";
  readonly dockerfile?: string;
  /** Text of a Dockerfile of ours, where the repository has none. */
  readonly dockerfileText?: string;
  readonly resources?: { readonly cpu: string; readonly memory: string };
  /** An interface; its build sets the number of web workers. */
  readonly serves?: boolean;
}

const s2i = (ref: string): Build => ({ from: "s2i-thoth-ubi8-py36:latest", ref });
const python = (ref: string): Build => ({ from: "python-36-centos7:latest", ref });
const solver = (from: NonNullable<Build["from"]>, prepare: readonly string[]): Build => {
  const ref = "3261d17eb85e617df5a4b0708a3c8764207096a0";
  return { from, ref, repository: "solver", dockerfileText: solverDockerfile(prepare) };
};
const fedora = ["dnf install -y python3-pip python3-devel gcc git", "dnf clean all"];
const fedoraPython36 = [
  "dnf install -y python36 python3-devel gcc git",
  "ln -sf /usr/bin/python3.6 /usr/bin/python3",
  "python3 -m ensurepip",
];

/** Images by the name of their ImageStream. */
export const builds = {
  adviser: { ...s2i("fd431bb03fee94d6709ccd5ae86dc49eebfebf0d"), resources: { cpu: "2", memory: "1Gi" } },
  "amun-api": { ...s2i("d19c542d3b1a1904de5fd6447ba6e2a1a47a9c9e"), serves: true },
  "build-analyzer": { ...s2i("8d69f8c4f6d3de2a72181f9c91eb362a2b97f48b"), repository: "build-analyzers" },
  "build-watcher": s2i("82543cb7368f6505b2ffb6e6bc5ea9f3d5cbee74"),
  // The one after it fails on everything that has no status.
  "cleanup-job": python("1b2efbb1837dc38cc31551b854370123f707d8b2"),
  "cve-update-job": python("4c55d4794b279fd742c41ca92bb2f8edcb35524d"),
  "graph-refresh-job": python("83b0a2a6b43d4226f8673b1764660b7615dfcb98"),
  "graph-sync-job": s2i("042aa6afbdc42f6cdf9a92ab03806e05752672cf"),
  "graph-sync-scheduler": { ...s2i("852ad8101138c8765c9c828640d3b5bfd3685c27"), repository: "operator" },
  "init-job": s2i("cc26a76467506da631f4286bd8173ccb86d336a8"),
  "inspect-hwinfo": {
    ...python("99e6579d04bf83dfd8eeeb2a6b2cae3f8fa8fbc8"),
    repository: "amun-hwinfo",
    resources: { cpu: "500m", memory: "512Mi" },
  },
  "isis-api": { ...python("7c606c1134263a0b5d9550632e5d96431ff98915"), serves: true },
  // The bots' version.
  "kebechet-job": { ref: sources.kebechet, repository: "kebechet", dockerfile: "Dockerfile" },
  "management-api": { ...python("a0e3ce23558b21768ae08b6b9e732b8315ff459f"), serves: true },
  "metrics-exporter": s2i("ae9a07622f02957595580bfea55f8d50b30e8e69"),
  "package-analyzer": s2i("51a45112929794c452c4927100e2bcf107d9c779"),
  "package-extract": {
    from: "fedora:28",
    ref: "9c8f99c8f41aada5a12ff4f9b021b43a32e4cf59",
    dockerfile: "Dockerfile",
  },
  "package-releases-job": s2i("83acf438ec59cfdbdeddcdfa0dff09ba0e6d4c5f"),
  "result-api": { ...python("5f38d865d834c051381e2743cfec14e3669f914b"), serves: true },
  "solver-fedora-28-py36": solver("fedora:28", fedora),
  "solver-fedora-29-py36": solver("fedora:29", fedoraPython36),
  "solver-fedora-29-py37": solver("fedora:29", fedora),
  "solver-ubi-8-py36": solver("s2i-thoth-ubi8-py36:latest", []),
  "user-api": { ...python("f064eda316a6ba5337d6bdf20b6ff505198f428e"), serves: true },
  "workload-operator": s2i("1b04793b0fb096466deb72606d9e10347b62e6a3"),
} as const satisfies Readonly<Record<string, Build>>;
export type ImageName = keyof typeof builds;
export const imageNames = Object.keys(builds) as [ImageName, ...ImageName[]];

/** Images that builds start from: stream -> tag -> source. */
export const baseImages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fedora: {
    "27": "registry.fedoraproject.org/fedora:27",
    "28": "registry.fedoraproject.org/fedora:28",
    "29": "registry.fedoraproject.org/fedora:29",
  },
  // registry.centos.org, where it was, is gone.
  "python-36-centos7": { latest: "docker.io/centos/python-36-centos7:latest" },
  "s2i-thoth-ubi8-py36": { latest: "quay.io/thoth-station/s2i-thoth-ubi8-py36:v0.15.0" },
};

/** Variables of every build. */
export const buildVariables: Readonly<Record<string, string>> = {
  ENABLE_PIPENV: "1",
  UPGRADE_PIP_TO_LATEST: "",
  // Otherwise a build asks the public Thoth what to install, and fails where that is gone.
  THOTH_ADVISE: "0",
  THOTH_PROVENANCE_CHECK: "0",
};
