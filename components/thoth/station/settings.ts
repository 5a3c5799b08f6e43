import { z } from "zod";
import type { RuleProblem } from "../../../config/define.ts";
import { namespaceName, pinnedImage } from "../../../config/fields.ts";
import { type ImageName, imageNames } from "./imageTable.ts";
import { namespacesOf, roles } from "./roles.ts";

const quota = z
  .record(z.string().min(1), z.string().regex(/^\d+(m|[KMGT]i)?$/, "expected a quantity such as 12 or 12Gi"))
  .describe("Resource -> most that the namespace may use; replaces the table's.");

/** The Thoth station: its interfaces, jobs and operators. */
export const stationSettings = z.strictObject({
  cluster: z.string().min(1).describe("Cluster that runs it."),
  environment: z
    .enum(["stage", "test"])
    .describe(
      "stage: six namespaces, published images, no builds. test: one namespace, built images; was thoth_environment.",
    ),
  namespaces: z
    .partialRecord(z.enum(roles), namespaceName)
    .default({})
    .describe("Namespaces by role instead of the environment's; several roles may share one."),
  protect: z.boolean().default(true).describe("Refuse to delete the namespaces and the account thoth-ops."),
  suspendCronJobs: z
    .boolean()
    .default(false)
    .describe("Suspend the CronJobs: on while another cluster still runs them."),
  images: z
    .partialRecord(z.enum(imageNames), pinnedImage)
    .default({})
    .describe(
      "Images by component, there is no common version; stage needs all that it runs, test builds what is not named. " +
        "The last that speak Dgraph are of 11 September 2019.",
    ),
  refs: z
    .partialRecord(z.enum(imageNames), z.string().regex(/^[\w./-]+$/, "expected a commit, tag or branch"))
    .default({})
    .describe("Commits or tags by component that test builds instead of the table's, the last that speak Dgraph."),
  operatorRestart: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Restart them by a failing liveness probe."),
      seconds: z
        .int()
        .min(60)
        .default(1800)
        .describe("Seconds that each runs; its watch stops delivering events after half an hour."),
    })
    .prefault({})
    .describe("Restarts of the programs that watch the cluster; was autokill_patch.sh."),
  isisApi: z
    .boolean()
    .default(false)
    .describe("Deploy isis-api, which compares Python modules; it does not start before a model is in the bucket."),
  buildWatcher: z
    .boolean()
    .default(false)
    .describe(
      "Deploy build-watcher, which submits inspected images. The version of 2019 finds builds on OpenShift 3.11 only, " +
        "so images.build-watcher must name a fixed one.",
    ),
  initialize: z
    .boolean()
    .default(false)
    .describe("Run init-job, which fills an empty database; for the first deployment, then off again."),
  deploymentName: z
    .string()
    .min(1)
    .optional()
    .describe("Name under which results are stored (storage-bucket-name); the infra namespace's by default."),
  s3: z.strictObject({
    endpoint: z
      .url({ error: "expected a URL, e.g. https://s3.example.org" })
      .describe("Object store of the results; was vault_s3_endpoint_url."),
    bucket: z.string().min(1).default("DH-DEV-DATA").describe("Bucket of it."),
    prefix: z.string().min(1).default("data/thoth").describe("Prefix of every object."),
  }),
  pushgateway: z
    .strictObject({
      host: z.string().min(1).describe("Host; was vault_prometheus_pushgateway_host."),
      port: z.int().min(1).max(65535).default(80).describe("Port; was vault_prometheus_pushgateway_port."),
    })
    .optional()
    .describe("Prometheus' gateway for the metrics of jobs; without it they push none."),
  quotas: z.record(namespaceName, quota).default({}).describe("Quotas by namespace; the workload operators read them."),
  administrators: z
    .string()
    .min(1)
    .default("thoth-devops")
    .describe("Group that gets the ClusterRole admin in every namespace."),
});
export type StationSettings = z.infer<typeof stationSettings>;

/** Problems across the station's settings; `graph` is where the stack has Dgraph. */
export function stationProblems(
  settings: StationSettings,
  graph: { readonly cluster: string } | undefined,
): readonly RuleProblem[] {
  const { quotas } = settings;
  const noGraph =
    graph?.cluster === settings.cluster
      ? []
      : [
          {
            path: "station",
            problem: `expected thoth:settings.dgraph on cluster "${settings.cluster}", which it stores its knowledge in`,
          },
        ];
  const lacking = imagesToName(settings).filter((image) => settings.images[image] === undefined);
  const noImage =
    lacking.length === 0
      ? []
      : [{ path: "station.images", problem: `${reasonToName(settings)}: expected an image for ${lacking.join(", ")}` }];
  const known = new Set(Object.values(namespacesOf(settings)));
  const unknown = Object.keys(quotas).flatMap((name) =>
    known.has(name)
      ? []
      : [{ path: `station.quotas.${name}`, problem: `is about no namespace of the station: ${[...known].join(", ")}` }],
  );
  const noBuild =
    settings.environment === "test" || Object.keys(settings.refs).length === 0
      ? []
      : [{ path: "station.refs", problem: "is about builds; nothing is built in stage, so remove it" }];
  return [...noGraph, ...noImage, ...noBuild, ...unknown];
}

/** Images that the settings must name. */
function imagesToName({ environment, isisApi, initialize, buildWatcher }: StationSettings): readonly ImageName[] {
  const own = buildWatcher ? (["build-watcher"] as const) : [];
  if (environment === "test") return own;
  const run: Readonly<Partial<Record<ImageName, boolean>>> = {
    ...{ "build-watcher": buildWatcher, "isis-api": isisApi, "init-job": initialize },
    // No Template starts these two.
    ...{ "solver-fedora-29-py36": false, "solver-fedora-29-py37": false },
  };
  return imageNames.filter((image) => run[image] ?? true);
}

function reasonToName({ environment }: StationSettings): string {
  return environment === "stage"
    ? "nothing is built in stage"
    : "build-watcher of September 2019 finds no builds on this OpenShift";
}
