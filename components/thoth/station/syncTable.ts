/** Jobs that put documents into the graph. */
import type { Role } from "./roles.ts";
import type { JobTemplate } from "./templates/template.ts";

const everywhere: readonly Role[] = ["middletier", "backend", "amunInspection"];

/** Task that makes documents of a kind -> the kind's name in its variable. */
const kinds: Readonly<Record<string, string>> = {
  adviser: "ADVISER",
  inspection: "INSPECTION",
  solver: "SOLVER",
  "package-extract": "ANALYSIS",
  "package-analyzer": "PACKAGE_ANALYZER",
  "provenance-checker": "PROVENANCE_CHECKER",
  "dependency-monkey": "DEPENDENCY_MONKEY",
};
const only = (kind: string): string => `THOTH_ONLY_${kind}_DOCUMENTS`;

const syncs = Object.entries(kinds).map(([task, kind]): JobTemplate => ({
  ...{ name: `graph-sync-job-${task}`, id: "THOTH_JOB_ID", labels: { "graph-sync-type": task } },
  runsIn: everywhere,
  jobs: [
    {
      ...{ image: "graph-sync-job", component: "graph-sync" },
      // What was run again is put in again.
      fixed: { [only(kind)]: "1", THOTH_FORCE_SYNC: "1" },
      jobLabels: { "graph-sync-type": task, ttl: "1h" },
    },
  ],
  parameters: { THOTH_SYNC_DOCUMENT_ID: null },
  inputs: ["store", "graph", "sync", ...(task === "inspection" ? (["amun"] as const) : [])],
  ...{ cpu: ["125m", "500m"], memory: ["128Mi", "256Mi"], deadline: 7200, retries: 10, restart: "OnFailure" },
}));

/** All documents of a kind, or of every kind. */
const many: JobTemplate = {
  ...{ name: "graph-sync-job-multiple", id: "THOTH_JOB_ID", labels: { "graph-sync-type": "multiple" } },
  runsIn: everywhere,
  jobs: [
    {
      ...{ image: "graph-sync-job", component: "graph-sync" },
      jobLabels: { "graph-sync-type": "multiple", ttl: "24h" },
    },
  ],
  parameters: { ...Object.fromEntries(Object.values(kinds).map((kind) => [only(kind), "0"])), THOTH_FORCE_SYNC: "0" },
  ...{ inputs: ["store", "graph", "sync", "amun"], cpu: "1", memory: ["256Mi", "512Mi"] },
};

export const syncTemplates: readonly JobTemplate[] = [...syncs, many];
