/** Permissions of the station's accounts. */
import type { Role } from "./roles.ts";

/** Resource -> verbs. */
type Verbs = Readonly<Record<string, string>>;

/** One account's permissions. */
export interface AccountPermissions {
  readonly account: string;
  /** Role of the account's own namespace. */
  readonly home: Role;
  /** Rules by the role of the namespace that they apply to. */
  readonly rules?: readonly (readonly [Role, Verbs])[];
  /** A role of the platform instead: name of the RoleBinding, ClusterRole, and where. */
  readonly platform?: {
    readonly binding: string;
    readonly clusterRole: "edit";
    readonly on: readonly Role[];
    readonly reason: string;
  };
  /** Do its pods call the API server? @default true */
  readonly callsApi?: boolean;
}

/** API group of each resource that the table names. */
export const groups: Readonly<Record<string, string>> = {
  configmaps: "",
  pods: "",
  "pods/log": "",
  resourcequotas: "",
  jobs: "batch",
  cronjobs: "batch",
  templates: "template.openshift.io",
  processedtemplates: "template.openshift.io",
  builds: "build.openshift.io",
  "builds/log": "build.openshift.io",
  buildconfigs: "build.openshift.io",
  imagestreams: "image.openshift.io",
};

/** Starts an analysis by a ConfigMap, then watches it. */
const analyses: Verbs = { configmaps: "create get list", pods: "get list", "pods/log": "get", jobs: "get list" };
const templates: Verbs = { templates: "get list" };
const watch: Verbs = { configmaps: "get list watch", jobs: "get list watch" };

const everywhere: readonly Role[] = ["infra", "frontend", "middletier", "backend", "amunApi", "amunInspection"];

/** Accounts of programs that exist once. */
export const fixedPermissions: readonly AccountPermissions[] = [
  {
    account: "user-api",
    home: "frontend",
    rules: [
      ["middletier", analyses],
      ["backend", analyses],
      ["infra", templates],
    ],
  },
  {
    account: "management-api",
    home: "frontend",
    rules: [
      ["middletier", analyses],
      ["backend", analyses],
      ["frontend", { cronjobs: "get list", jobs: "create" }],
      ["infra", templates],
    ],
  },
  {
    account: "graph-refresh-job",
    home: "frontend",
    rules: [
      ["middletier", { configmaps: "create" }],
      ["infra", templates],
    ],
  },
  {
    account: "metrics-exporter",
    home: "frontend",
    rules: [...everywhere.map((role) => [role, watch] as const), ["infra", templates]],
  },
  // The original template granted this; we found no evidence that less is enough.
  {
    account: "analyzer",
    home: "frontend",
    platform: {
      ...{ binding: "role-jobs-binding", clusterRole: "edit", on: ["middletier"] },
      reason: "the user API makes whatever a Template of the middle tier holds",
    },
    callsApi: false,
  },
  {
    account: "inspector",
    home: "amunApi",
    platform: {
      ...{ binding: "role-inspector-binding", clusterRole: "edit", on: ["amunApi", "amunInspection"] },
      reason: "Amun makes the builds, images and jobs that a caller asks it to inspect",
    },
    rules: [["infra", { templates: "get list", processedtemplates: "create" }]],
  },
];

/** Account of init-job, which starts the first analyses. */
export const initPermissions: AccountPermissions = {
  account: "init-job",
  home: "frontend",
  rules: [
    ["middletier", { configmaps: "create" }],
    ["infra", templates],
  ],
};

/** Account of an interface that stores results; results for a user's repository start Kebechet. */
export function resultPermissions(home: Role, namespace: string): AccountPermissions {
  return { account: `result-api-${namespace}`, home, rules: [["backend", { configmaps: "create" }]] };
}

/**
 * Accounts of programs that exist once per watched namespace.
 * @param inspected whether inspections run there, too
 */
export function watcherPermissions(
  home: Role,
  watched: Role,
  namespace: string,
  inspected: boolean,
): readonly AccountPermissions[] {
  const inspects: Verbs = inspected ? { buildconfigs: "create" } : {};
  const may = {
    configmaps: "get list watch delete",
    resourcequotas: "get list",
    jobs: "create",
    processedtemplates: "create",
  };
  const cleaned = {
    jobs: "list delete",
    configmaps: "list delete",
    pods: "list delete",
    imagestreams: "list delete",
    buildconfigs: "list delete",
  };
  return [
    {
      account: `workload-operator-${namespace}`,
      home,
      rules: [[watched, { ...may, ...inspects, ...templates }]],
    },
    {
      account: `graph-sync-scheduler-${namespace}`,
      home,
      rules: [[watched, { jobs: "get list watch", configmaps: "create" }]],
    },
    { account: `cleanup-${namespace}`, home, rules: [[watched, cleaned]] },
  ];
}
