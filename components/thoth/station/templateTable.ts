/** Jobs that the station starts by itself from Templates; parameters and labels are what its programs fill in and look for. */
import type { ImageName } from "./imageTable.ts";
import type { Role } from "./roles.ts";

/** Values that a job reads from the ConfigMap and the Secret `thoth` of its namespace. */
export type Needs = "deployment" | "store" | "graph" | "isis" | "sync";

/** One Template with one Job. */
export interface JobTemplate {
  /** Name, and the label `template` by which it is found. */
  readonly name: string;
  /** Labels of the Template besides. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where its jobs run. */
  readonly runsIn: readonly Role[];
  readonly image: ImageName;
  readonly component: string;
  /** Parameter that names the job. */
  readonly id: string;
  /** Parameters that become variables; null is required, a text is the default. */
  readonly parameters: Readonly<Record<string, string | null>>;
  /** Variables with fixed values. */
  readonly fixed?: Readonly<Record<string, string>>;
  readonly needs: readonly Needs[];
  readonly cpu: string | readonly [string, string];
  readonly memory: string | readonly [string, string];
  /** Seconds after which it is ended. @default never */
  readonly deadline?: number;
  readonly retries?: number;
  readonly restart?: "OnFailure";
  /** What the graph-sync scheduler makes of it when it is done. */
  readonly task?: string;
  /** Labels of the job besides. */
  readonly jobLabels?: Readonly<Record<string, string>>;
}

const stack = {
  THOTH_ADVISER_REQUIREMENTS: "",
  THOTH_ADVISER_REQUIREMENTS_LOCKED: "",
  THOTH_ADVISER_OUTPUT: "",
  THOTH_LOG_ADVISER: "INFO",
};

const middletier: readonly Role[] = ["middletier"];
const backend: readonly Role[] = ["backend"];

const analyses: readonly JobTemplate[] = [
  {
    ...{ name: "adviser", component: "adviser", image: "adviser", runsIn: backend, id: "THOTH_ADVISER_JOB_ID" },
    parameters: {
      ...stack,
      THOTH_ADVISER_LIBRARY_USAGE: "",
      THOTH_ADVISER_REQUIREMENTS_FORMAT: "",
      THOTH_ADVISER_RECOMMENDATION_TYPE: "",
      THOTH_ADVISER_RUNTIME_ENVIRONMENT: "",
      THOTH_ADVISER_LIMIT: "-1",
      THOTH_ADVISER_COUNT: "1",
      THOTH_ADVISER_LIMIT_LATEST_VERSIONS: "-1",
      THOTH_ADVISER_TIMEOUT_SECONDS: "3600",
    },
    fixed: { THOTH_ADVISER_SUBCOMMAND: "advise" },
    ...{ needs: ["deployment", "graph", "isis"], cpu: "1500m", memory: "1Gi", task: "adviser" },
  },
  {
    ...{ name: "provenance-checker", component: "provenance-checker", image: "adviser", runsIn: backend },
    id: "THOTH_PROVENANCE_CHECKER_JOB_ID",
    parameters: { ...stack, THOTH_WHITELISTED_SOURCES: "" },
    fixed: { THOTH_ADVISER_SUBCOMMAND: "provenance" },
    ...{ needs: ["deployment", "graph"], cpu: "500m", memory: "128Mi", deadline: 600, task: "provenance-checker" },
  },
  {
    ...{ name: "dependency-monkey", component: "dependency-monkey", image: "adviser", runsIn: middletier },
    id: "THOTH_DEPENDENCY_MONKEY_JOB_ID",
    parameters: {
      THOTH_ADVISER_REQUIREMENTS: null,
      THOTH_LOG_ADVISER: "INFO",
      THOTH_ADVISER_RUNTIME_ENVIRONMENT: "",
      THOTH_ADVISER_LIMIT_LATEST_VERSIONS: "-1",
      THOTH_DEPENDENCY_MONKEY_STACK_OUTPUT: "-",
      THOTH_DEPENDENCY_MONKEY_REPORT_OUTPUT: "-",
      THOTH_DEPENDENCY_MONKEY_SEED: "",
      THOTH_DEPENDENCY_MONKEY_DECISION: "all",
      THOTH_DEPENDENCY_MONKEY_DRY_RUN: "0",
      THOTH_DEPENDENCY_MONKEY_COUNT: "-1",
      THOTH_AMUN_CONTEXT: "-1",
    },
    fixed: { THOTH_ADVISER_SUBCOMMAND: "dependency-monkey" },
    ...{ needs: ["deployment", "graph"], cpu: "1", memory: "8Gi", deadline: 1800, task: "dependency-monkey" },
  },
  ...(["fedora-28-py36", "ubi-8-py36"] as const).map((kind): JobTemplate => ({
    ...{ name: `solver-${kind}`, component: `solver-${kind}`, image: `solver-${kind}`, runsIn: middletier },
    labels: { template: "solver", "solver-type": kind },
    id: "THOTH_SOLVER_JOB_ID",
    parameters: {
      THOTH_SOLVER_NO_TRANSITIVE: null,
      THOTH_SOLVER_PACKAGES: null,
      THOTH_SOLVER_INDEXES: "",
      THOTH_SOLVER_OUTPUT: null,
      THOTH_LOG_SOLVER: "INFO",
    },
    fixed: { THOTH_SOLVER: `solver-${kind}` },
    ...{
      needs: [],
      cpu: "1",
      memory: "3Gi",
      deadline: 21600,
      restart: "OnFailure",
      task: "solver",
      jobLabels: { ttl: "2h" },
    },
  })),
  ...(["package-extract", "package-analyzer"] as const).map((kind): JobTemplate => {
    const prefix = kind === "package-extract" ? "THOTH_PACKAGE_EXTRACT" : "THOTH_PACKAGE_ANALYZER";
    const subject: JobTemplate["parameters"] =
      kind === "package-extract"
        ? {
            THOTH_ANALYZED_IMAGE: null,
            THOTH_ANALYZER_OUTPUT: null,
            THOTH_ANALYZER_NO_TLS_VERIFY: "0",
            THOTH_REGISTRY_CREDENTIALS: "",
            THOTH_PACKAGE_EXTRACT_METADATA: null,
          }
        : {
            THOTH_PACKAGE_ANALYZER_PACKAGE_NAME: null,
            THOTH_PACKAGE_ANALYZER_PACKAGE_VERSION: null,
            THOTH_PACKAGE_ANALYZER_INDEX_URL: null,
            THOTH_PACKAGE_ANALYZER_OUTPUT: null,
          };
    const size = kind === "package-extract" ? { cpu: "500m", memory: "256Mi" } : { cpu: "1", memory: "2Gi" };
    return {
      ...{ name: kind, component: kind, image: kind, runsIn: middletier, id: `${prefix}_JOB_ID`, ...size },
      parameters: {
        ...subject,
        [kind === "package-extract" ? "THOTH_LOG_PACKAGE_EXTRACT" : "THOTH_LOG_PACKAGE_ANALYZER"]: "INFO",
      },
      fixed: { THOTH_ANALYZER: kind },
      ...{ needs: [], deadline: 1800, task: kind },
    };
  }),
  ...(["build-analyze", "build-dependencies", "build-report"] as const).map((kind): JobTemplate => ({
    ...{
      name: kind,
      component: "build-analyzer",
      image: "build-analyzer",
      runsIn: middletier,
      id: "THOTH_BUILD_ANALYZER_JOB_ID",
    },
    parameters: { THOTH_BUILD_LOG: "", THOTH_BUILD_ANALYZER_OUTPUT: "" },
    fixed: { THOTH_BUILD_ANALYZER_SUBCOMMAND: kind },
    // The scheduler knows no other of these tasks.
    ...{ needs: ["deployment"], cpu: "500m", memory: "512Mi", deadline: 7200, task: kind },
  })),
  {
    ...{ name: "kebechet", component: "kebechet", image: "kebechet-job", runsIn: backend, id: "KEBECHET_JOB_ID" },
    parameters: {
      KEBECHET_REPO_URL: null,
      KEBECHET_SERVICE_NAME: null,
      KEBECHET_SUBCOMMAND: "run-url",
      KEBECHET_ANALYSIS_ID: "",
      KEBECHET_VERBOSE: "0",
    },
    ...{ needs: ["deployment"], cpu: "2", memory: "2Gi", deadline: 2700, jobLabels: { task: "kebechet" } },
  },
];

/** Documents that are put into the graph, one kind a Template. */
const syncs: readonly JobTemplate[] = (
  [
    "adviser",
    "inspection",
    "solver",
    "package-extract",
    "package-analyzer",
    "provenance-checker",
    "dependency-monkey",
  ] as const
).map((kind) => ({
  ...{ name: `graph-sync-job-${kind}`, component: "graph-sync", image: "graph-sync-job", id: "THOTH_JOB_ID" },
  runsIn: ["middletier", "backend", "amunInspection"],
  labels: { "graph-sync-type": kind },
  parameters: { THOTH_SYNC_DOCUMENT_ID: null },
  fixed: { [`THOTH_ONLY_${kind.toUpperCase().replaceAll("-", "_")}_DOCUMENTS`]: "1" },
  ...{ needs: ["deployment", "store", "graph", "sync"], cpu: ["125m", "500m"], memory: ["128Mi", "256Mi"] },
  ...{ deadline: 7200, retries: 10, restart: "OnFailure", jobLabels: { "graph-sync-type": kind, ttl: "1h" } },
}));

const many: JobTemplate = {
  ...{ name: "graph-sync-job-multiple", component: "graph-sync", image: "graph-sync-job", id: "THOTH_JOB_ID" },
  runsIn: ["middletier", "backend", "amunInspection"],
  labels: { "graph-sync-type": "multiple" },
  parameters: {},
  ...{ needs: ["deployment", "store", "graph", "sync"], cpu: "1", memory: ["256Mi", "512Mi"] },
  jobLabels: { "graph-sync-type": "multiple", ttl: "24h" },
};

export const jobTemplates: readonly JobTemplate[] = [...analyses, ...syncs, many];
