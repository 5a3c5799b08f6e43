/** The station's own images, and how the cluster builds them. */

/** How an image is built. */
export interface Build {
  /** Repository of github.com/thoth-station. @default the image's name */
  readonly repository?: string;
  /** Builder that is given the sources, or the image that the Dockerfile starts from. */
  readonly from: "s2i-thoth-ubi8-py36:latest" | "python-36-centos7:latest" | "fedora:28" | "fedora:29";
  readonly dockerfile?: string;
  readonly resources?: { readonly cpu: string; readonly memory: string };
  /** An interface, whose build is told how many workers it starts. */
  readonly serves?: boolean;
}

const s2i: Build = { from: "s2i-thoth-ubi8-py36:latest" };
const python: Build = { from: "python-36-centos7:latest" };
const docker = (from: Build["from"], repository?: string): Build => {
  return { from, dockerfile: "Dockerfile", ...(repository === undefined ? {} : { repository }) };
};

/** Images by the name of their ImageStream. */
export const builds = {
  adviser: { ...s2i, resources: { cpu: "2", memory: "1Gi" } },
  "amun-api": { ...s2i, serves: true },
  "build-analyzer": { ...s2i, repository: "build-analyzers" },
  "build-watcher": s2i,
  "cleanup-job": python,
  "cve-update-job": python,
  "graph-refresh-job": python,
  "graph-sync-job": s2i,
  "graph-sync-scheduler": s2i,
  "init-job": s2i,
  "inspect-hwinfo": { ...python, repository: "amun-hwinfo", resources: { cpu: "500m", memory: "512Mi" } },
  "isis-api": { ...python, serves: true },
  "kebechet-job": docker("fedora:28", "kebechet"),
  "management-api": { ...python, serves: true },
  "metrics-exporter": s2i,
  "package-analyzer": s2i,
  "package-extract": docker("fedora:28"),
  "package-releases-job": s2i,
  "result-api": { ...python, serves: true },
  "solver-fedora-28-py36": docker("fedora:28", "solver"),
  "solver-fedora-29-py36": docker("fedora:29", "solver"),
  "solver-fedora-29-py37": docker("fedora:29", "solver"),
  "solver-ubi-8-py36": docker("s2i-thoth-ubi8-py36:latest", "solver"),
  "user-api": { ...python, serves: true },
  "workload-operator": s2i,
} as const satisfies Readonly<Record<string, Build>>;
export type ImageName = keyof typeof builds;

/** Images that builds start from: stream -> tag -> source. */
export const baseImages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fedora: {
    "27": "registry.fedoraproject.org/fedora:27",
    "28": "registry.fedoraproject.org/fedora:28",
    "29": "registry.fedoraproject.org/fedora:29",
  },
  "python-36-centos7": { latest: "registry.centos.org/centos/python-36-centos7:latest" },
  "s2i-thoth-ubi8-py36": { latest: "quay.io/thoth-station/s2i-thoth-ubi8-py36:v0.9.4" },
};

/** Variables of every build. */
export const buildVariables: Readonly<Record<string, string>> = {
  ENABLE_PIPENV: "1",
  UPGRADE_PIP_TO_LATEST: "",
  THOTH_DRY_RUN: "0",
  THOTH_ADVISE: "1",
  THAMOS_VERBOSE: "1",
  THAMOS_DEBUG: "0",
  THAMOS_CONFIG_TEMPLATE: ".thoth.yaml",
  THAMOS_CONFIG_EXPAND_ENV: "1",
};
