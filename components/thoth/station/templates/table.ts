/** Jobs that the station starts from Templates; parameters and labels are what its programs fill in and look for. */
import type { Role } from "../roles.ts";
import { syncTemplates } from "../syncTable.ts";
import type { JobTemplate, TemplateJob } from "./template.ts";

const stack = {
  THOTH_ADVISER_REQUIREMENTS: null,
  THOTH_ADVISER_REQUIREMENTS_LOCKED: "",
  THOTH_ADVISER_OUTPUT: null,
  THOTH_ADVISER_METADATA: "",
  THOTH_LOG_ADVISER: "INFO",
};

/** A program of the adviser's image. */
const adviser = (component: string, subcommand = component): readonly [TemplateJob] => [
  { component, image: "adviser", fixed: { THOTH_ADVISER_SUBCOMMAND: subcommand } },
];

const middletier: readonly Role[] = ["middletier"];
const backend: readonly Role[] = ["backend"];

const analyses: readonly JobTemplate[] = [
  {
    ...{ name: "adviser", runsIn: backend, id: "THOTH_ADVISER_JOB_ID", jobs: adviser("adviser", "advise") },
    parameters: {
      ...stack,
      THOTH_ADVISER_LIBRARY_USAGE: "",
      THOTH_ADVISER_REQUIREMENTS_FORMAT: "pipenv",
      THOTH_ADVISER_RECOMMENDATION_TYPE: "STABLE",
      THOTH_ADVISER_RUNTIME_ENVIRONMENT: "",
      THOTH_ADVISER_LIMIT: "-1",
      THOTH_ADVISER_COUNT: "1",
      THOTH_ADVISER_LIMIT_LATEST_VERSIONS: "-1",
      THOTH_ADVISER_TIMEOUT_SECONDS: "3600",
    },
    // The first is read under another name, the second by the probe only.
    variables: { THOTH_ADVISER_REQUIREMENTS_FORMAT: "THOTH_REQUIREMENTS_FORMAT", THOTH_ADVISER_TIMEOUT_SECONDS: null },
    ...{ inputs: ["graph", "isis"], cpu: "1500m", memory: "1Gi", task: "adviser" },
  },
  {
    ...{ name: "provenance-checker", runsIn: backend, id: "THOTH_PROVENANCE_CHECKER_JOB_ID" },
    jobs: adviser("provenance-checker", "provenance"),
    parameters: { ...stack, THOTH_WHITELISTED_SOURCES: "" },
    ...{ inputs: ["graph"], cpu: "500m", memory: "128Mi", deadline: 600, task: "provenance-checker" },
  },
  {
    ...{ name: "dependency-monkey", runsIn: middletier, id: "THOTH_DEPENDENCY_MONKEY_JOB_ID" },
    jobs: adviser("dependency-monkey"),
    // No THOTH_DEPENDENCY_MONKEY_DECISION: callers write it in small letters, which the program refuses; it takes all.
    parameters: {
      THOTH_ADVISER_REQUIREMENTS: null,
      THOTH_LOG_ADVISER: "INFO",
      THOTH_ADVISER_RUNTIME_ENVIRONMENT: "",
      THOTH_ADVISER_LIMIT_LATEST_VERSIONS: "-1",
      THOTH_DEPENDENCY_MONKEY_STACK_OUTPUT: "-",
      THOTH_DEPENDENCY_MONKEY_REPORT_OUTPUT: "-",
      THOTH_DEPENDENCY_MONKEY_SEED: "",
      THOTH_DEPENDENCY_MONKEY_DRY_RUN: "0",
      THOTH_DEPENDENCY_MONKEY_COUNT: "-1",
      THOTH_AMUN_CONTEXT: null,
    },
    ...{ inputs: ["graph"], cpu: "1", memory: "8Gi", deadline: 1800, task: "dependency-monkey" },
  },
  {
    ...{ name: "solver", runsIn: middletier, listedIn: ["infra"], id: "THOTH_SOLVER_JOB_ID" },
    // Solvers are listed by the label solver-type and found again by the component, later by solver-type.
    jobs: (["solver-fedora-28-py36", "solver-ubi-8-py36"] as const).map((name) => ({
      ...{ image: name, component: name, fixed: { THOTH_SOLVER: name } },
      jobLabels: { "solver-type": name, ttl: "2h" },
    })),
    parameters: {
      THOTH_SOLVER_NO_TRANSITIVE: null,
      THOTH_SOLVER_PACKAGES: null,
      THOTH_SOLVER_INDEXES: "",
      THOTH_SOLVER_OUTPUT: null,
      THOTH_SOLVER_SUBGRAPH_CHECK_API: "",
      THOTH_LOG_SOLVER: "INFO",
    },
    ...{ inputs: [], cpu: "1", memory: "3Gi", deadline: 21600, restart: "OnFailure", task: "solver" },
  },
  {
    ...{ name: "package-extract", runsIn: middletier, id: "THOTH_PACKAGE_EXTRACT_JOB_ID" },
    jobs: [{ image: "package-extract", component: "package-extract" }],
    parameters: {
      THOTH_ANALYZED_IMAGE: null,
      THOTH_ANALYZER_OUTPUT: null,
      THOTH_ANALYZER_NO_TLS_VERIFY: "0",
      THOTH_REGISTRY_CREDENTIALS: "",
      THOTH_PACKAGE_EXTRACT_METADATA: null,
      THOTH_LOG_PACKAGE_EXTRACT: "INFO",
    },
    ...{ inputs: [], cpu: "500m", memory: "256Mi", deadline: 1800, task: "package-extract" },
  },
  {
    ...{ name: "package-analyzer", runsIn: middletier, id: "THOTH_PACKAGE_ANALYZER_JOB_ID" },
    jobs: [
      {
        ...{ image: "package-analyzer", component: "package-analyzer" },
        fixed: { THOTH_PACKAGE_ANALYZER_SUBCOMMAND: "python" },
      },
    ],
    parameters: {
      THOTH_PACKAGE_ANALYZER_PACKAGE_NAME: null,
      THOTH_PACKAGE_ANALYZER_PACKAGE_VERSION: null,
      THOTH_PACKAGE_ANALYZER_INDEX_URL: null,
      THOTH_PACKAGE_ANALYZER_OUTPUT: null,
      THOTH_PACKAGE_ANALYZER_DEBUG: "0",
    },
    ...{ inputs: [], cpu: "1", memory: "2Gi", deadline: 1800, task: "package-analyzer" },
  },
  ...(["analyze", "dependencies", "report"] as const).map((subcommand): JobTemplate => {
    const log = { THOTH_BUILD_ANALYZER_LOG_PATH: "/opt/app-root/src/build.log" };
    const format = subcommand === "report" ? {} : { THOTH_BUILD_ANALYZER_OUTPUT_FORMAT: "json" };
    return {
      ...{ name: `build-${subcommand}`, runsIn: middletier },
      // Its caller misspells the last.
      id: subcommand === "report" ? "THOTH_BUILD_ANALYSER_JOB_ID" : "THOTH_BUILD_ANALYZER_JOB_ID",
      jobs: [
        {
          ...{ image: "build-analyzer", component: "build-analyzer" },
          fixed: { THOTH_BUILD_ANALYZER_SUBCOMMAND: subcommand, ...log, ...format },
        },
      ],
      parameters: { THOTH_BUILD_LOG_DOC_ID: null, THOTH_REPORT_OUTPUT: null },
      // The graph takes no results of these.
      ...{ inputs: ["store"], cpu: "500m", memory: "512Mi", deadline: 7200 },
    };
  }),
  {
    ...{ name: "kebechet", runsIn: backend, id: "KEBECHET_JOB_ID" },
    jobs: [{ image: "kebechet-job", component: "kebechet", jobLabels: { task: "kebechet" } }],
    parameters: {
      KEBECHET_REPO_URL: null,
      KEBECHET_SERVICE_NAME: null,
      KEBECHET_SUBCOMMAND: "run-url",
      KEBECHET_ANALYSIS_ID: "",
      KEBECHET_VERBOSE: "0",
    },
    ...{ inputs: [], cpu: "2", memory: "2Gi", deadline: 2700 },
  },
];

export const jobTemplates: readonly JobTemplate[] = [...analyses, ...syncTemplates];
