import { z } from "zod";
import { namespaceName, pinnedImage, type RuleProblem } from "../configImage.ts";
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
  suspendCronJobs: z.boolean().default(false).describe("Make no runs: on while another cluster still does."),
  release: z
    .string()
    .regex(/^(?!latest$)[\w.-]+$/, "expected a tag other than latest")
    .optional()
    .describe(
      "Tag of the images at quay.io/thoth-station; wanted where nothing is built. The last that speak Dgraph are of 11 September 2019.",
    ),
  images: z
    .record(z.string().min(1), pinnedImage)
    .default({})
    .describe("Images by component instead of the release's."),
  operatorRestart: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Restart them by a probe that must fail."),
      seconds: z
        .int()
        .min(60)
        .default(1800)
        .describe("Seconds that one runs; its watch falls silent after half an hour."),
    })
    .prefault({})
    .describe("Restarts of the programs that watch the cluster; was autokill_patch.sh."),
  isisApi: z.boolean().default(false).describe("Deploy isis-api, which compares Python modules."),
  initialize: z
    .boolean()
    .default(false)
    .describe("Run init-job, which fills an empty database; for the first deployment, then off again."),
  deploymentName: z
    .string()
    .min(1)
    .optional()
    .describe("Name under which results are stored (storage-bucket-name); the infra namespace's unless given."),
  s3: z.strictObject({
    endpoint: z
      .url({ error: "expected a URL, e.g. https://s3.example.org" })
      .describe("Object store of the results; was vault_s3_endpoint_url."),
    bucket: z.string().min(1).default("DH-DEV-DATA").describe("Bucket of it."),
    prefix: z.string().min(1).default("data/thoth").describe("Prefix of every object."),
  }),
  pushgateway: z
    .strictObject({
      host: z.string().min(1).default("pushgateway").describe("Host; was vault_prometheus_pushgateway_host."),
      port: z.int().min(1).max(65535).default(80).describe("Port; was vault_prometheus_pushgateway_port."),
    })
    .prefault({})
    .describe("Prometheus' gateway for the metrics of jobs."),
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
  const { environment, release, quotas } = settings;
  const noGraph =
    graph?.cluster === settings.cluster
      ? []
      : [
          {
            path: "station",
            problem: `expected thoth:settings.dgraph on cluster "${settings.cluster}", which it stores its knowledge in`,
          },
        ];
  const noRelease =
    environment === "test" || release !== undefined
      ? []
      : [{ path: "station.release", problem: "got nothing; expected a tag, as nothing is built in stage" }];
  const known = new Set(Object.values(namespacesOf(settings)));
  const unknown = Object.keys(quotas).flatMap((name) =>
    known.has(name)
      ? []
      : [{ path: `station.quotas.${name}`, problem: `is about no namespace of the station: ${[...known].join(", ")}` }],
  );
  return [...noGraph, ...noRelease, ...unknown];
}
