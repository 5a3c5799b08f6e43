/** Layouts of kubevirt/project-infra by the day that they were read: where it has its jobs, and Prow's configuration. */

/** Paths in a checkout. */
export interface TreeLayout {
  /** Folder of all job files. */
  readonly jobs: string;
  readonly config: string;
  readonly plugins: string;
  readonly labels: string;
  /** Secret with the bucket's account that its config.yaml decorates jobs with; rehearse takes it from there. */
  readonly gcsCredentials: string;
  /** Contexts of its jobs that mean the cluster in which Prow itself runs. */
  readonly ownContexts: readonly string[];
}

const current = "github/ci/prow-deploy/kustom/base/configs/current";

/** The runbook's, at 445bd8f0, and today's, at ca75c4e. */
export const trees = {
  "20201203": {
    jobs: "github/ci/prow/files/jobs",
    config: "github/ci/prow/files/config.yaml",
    plugins: "github/ci/prow/files/plugins.yaml",
    labels: "github/ci/prow/files/labels.yaml",
    gcsCredentials: "gcs",
    ownContexts: ["default"],
  },
  "20260723": {
    jobs: "github/ci/prow-deploy/files/jobs",
    config: `${current}/config/config.yaml`,
    plugins: `${current}/plugins/plugins.yaml`,
    labels: `${current}/labels/labels.yaml`,
    gcsCredentials: "gcs-credentials",
    ownContexts: ["default", "kubevirt-prow-control-plane"],
  },
} as const satisfies Readonly<Record<string, TreeLayout>>;

export type TreeName = keyof typeof trees;
export const treeNames = Object.keys(trees) as [TreeName, ...TreeName[]];

/** Default layout. */
export const newestTree: TreeName = "20260723";
