/** The station's CronJobs, and the job that fills an empty database. */
import type { BlockOptions } from "../../../blocks/block.ts";
import { CronJob, type CronJobArgs } from "../../../blocks/kubernetes/cronJob.ts";
import { Job } from "../../../blocks/kubernetes/job.ts";
import type { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import { resultApi } from "./apis.ts";
import {
  apiVariables,
  type fullClient,
  graphClient,
  logVariables,
  pushVariables,
  type StationContext,
  thothOf,
} from "./context.ts";
import type { ImageName } from "./imageTable.ts";
import { watchedNamespaces } from "./operators.ts";
import type { Role } from "./roles.ts";

type Timing = Pick<
  CronJobArgs,
  "schedule" | "timeZone" | "history" | "startWithinSeconds" | "deadlineSeconds" | "restart" | "retries"
>;

interface Run extends Timing {
  readonly name: string;
  readonly component: string;
  readonly home: Role;
  readonly image: ImageName;
  readonly client: ReturnType<typeof fullClient>;
  readonly resources: {
    readonly cpu: string | readonly [string, string];
    readonly memory: string | readonly [string, string];
  };
  readonly account?: ServiceAccount;
}

/** Makes the CronJobs and, when asked for, init-job. */
export function cronJobs(name: string, context: StationContext, opts: BlockOptions): void {
  const { namespaces, images, settings, accounts } = context;
  for (const run of runs(context)) {
    const { home, image, client, resources, account, component, name: physical, ...timing } = run;
    new CronJob(
      `${name}-${physical}`,
      {
        ...{ namespace: namespaces.refs[home], name: physical, labels: { app: "thoth", component } },
        ...timing,
        suspend: settings.suspendCronJobs,
        ...(account === undefined ? {} : { serviceAccount: account }),
        containers: [{ name: component, ...images.of(image), ...client, resources }],
      },
      opts,
    );
  }
  if (!settings.initialize) return;
  const graph = graphClient(context, "frontend");
  const env = { ...apiVariables(context, "frontend"), ...graph.env, THOTH_RESULT_API_URL: resultApi };
  new Job(
    `${name}-init-job`,
    {
      ...{ namespace: namespaces.refs.frontend, name: "init-job", labels: { app: "thoth", component: "init-job" } },
      deadlineSeconds: 600,
      serviceAccount: accounts.account("init-job"),
      containers: [
        {
          ...{ name: "init-job", ...images.of("init-job"), ...graph, env },
          resources: { cpu: "500m", memory: "256Mi" },
        },
      ],
    },
    opts,
  );
}

function runs(context: StationContext): readonly Run[] {
  const { accounts } = context;
  const { files } = thothOf(context, "frontend");
  const graph = graphClient(context, "frontend");
  const client = { ...graph, env: { ...logVariables(context, "frontend"), ...graph.env } };
  const withEnv = (env: typeof client.env): typeof client => ({ ...client, env: { ...client.env, ...env } });
  const daily = { schedule: "@daily", history: [2, 4] } as const;
  const frontend: readonly Run[] = [
    {
      ...{ name: "package-releases", component: "package-releases", home: "frontend", image: "package-releases-job" },
      ...{ ...daily, startWithinSeconds: 99, deadlineSeconds: 6 * 3600, restart: "OnFailure", retries: 3 },
      client: withEnv({
        ...pushVariables(context, "frontend"),
        THOTH_PACKAGE_RELEASES_ONLY_IF_PACKAGE_SEEN: files.env("package-releases-only-if-package-seen"),
      }),
      resources: { cpu: "500m", memory: ["256Mi", "512Mi"] },
    },
    {
      ...{ name: "cve-update", component: "cve-update", home: "frontend", image: "cve-update-job" },
      ...{ ...daily, deadlineSeconds: 3600 },
      client,
      resources: { cpu: ["100m", "250m"], memory: ["64Mi", "128Mi"] },
    },
    {
      ...{ name: "graph-refresh", component: "graph-refresh", home: "frontend", image: "graph-refresh-job" },
      // management-api copies it through batch/v1beta1, which knows no time zone and is gone since Kubernetes 1.25.
      ...{ schedule: "0 * * * *", timeZone: null, history: [2, 4], deadlineSeconds: 3600 },
      client: withEnv({
        ...apiVariables(context, "frontend"),
        ...pushVariables(context, "frontend"),
        THOTH_SOLVER_OUTPUT: `${resultApi}/api/v1/solver-result`,
        THOTH_PACKAGE_ANALYZER_OUTPUT: `${resultApi}/api/v1/package-analysis-result`,
        THOTH_SUBGRAPH_CHECK_API: `${resultApi}/api/v1/subgraph-check`,
        THOTH_GRAPH_REFRESH_EAGER_STOP: "50",
      }),
      resources: { cpu: "500m", memory: "256Mi" },
      account: accounts.account("graph-refresh-job"),
    },
  ];
  const cleanups = [...watchedNamespaces(context.namespaces.names)].map(([namespace, [, home]]): Run => ({
    ...{ name: `cleanup-${namespace}`, component: "cleanup", home, image: "cleanup-job" },
    ...{ schedule: "0 */2 * * *", history: [1, 2], deadlineSeconds: 7200 },
    client: {
      env: {
        ...apiVariables(context, home),
        ...pushVariables(context, home),
        THOTH_CLEANUP_NAMESPACE: namespace,
      },
      mounts: {},
    },
    resources: { cpu: "500m", memory: "512Mi" },
    account: accounts.account(`cleanup-${namespace}`),
  }));
  return [...frontend, ...cleanups];
}
