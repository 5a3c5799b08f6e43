import { z } from "zod";
import { accessMode, flowerUser, pinnedImage, quantity } from "../../config/fields.ts";
import { productionBuild, productionSso } from "./frontendBuild.ts";
import { type ImageName, images } from "./images.ts";
import { workspaceSchema } from "./inventory.ts";

const seconds = z.int().min(1).max(86_400);
// The ETL splits its list of folders as a shell does, so nothing that a shell reads as a quote or a comment.
const folder = z
  .string()
  .regex(
    /^\/[\w.+@=:/-]*[\w.+@=:-]$/,
    "expected an absolute folder of letters, digits and . _ + @ = : - without a slash at its end",
  );
const clientId = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "expected an application identifier: lower-case, digits, -");

/** Whether a text is a network, IPv4 or IPv6. */
function isRange(text: string): boolean {
  return z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success;
}

const claim = {
  create: z.boolean().default(true).describe("Create it, or adopt the one of this name; off: it must exist."),
  storageClass: z.string().min(1).optional().describe("The cluster's default class by default."),
  size: quantity.default("1Gi").describe("May grow, never shrink."),
  accessMode,
};

const exposure = z.discriminatedUnion("to", [
  z.strictObject({ to: z.literal("internet").describe("Everybody.") }),
  z.strictObject({
    to: z.literal("cern").describe("Only the ranges below."),
    ranges: z
      .array(z.string().refine(isRange, "expected a range such as 188.184.0.0/15 or 2001:1458::/32"))
      .min(1, "expected at least one range: an empty list would admit everybody")
      .describe("Networks that may call; a router drops a malformed list and admits everybody."),
  }),
]);

const etl = z.strictObject({
  paused: z.boolean().default(false).describe("Run no ETL pod; tasks stay in the broker."),
  priorityEra: z.string().min(1).describe("Part of a file's name that sends it to the priority queue; new each year."),
  chunkRows: z.int().min(1).default(5000).describe("Rows that are written at once."),
  th2ChunkRows: z.int().min(1).default(1000).describe("The same for 2D histograms; what memory depends on most."),
  graceSeconds: seconds
    .default(3600)
    .describe("Time for the running task when a worker is stopped; a task that is cut off is lost."),
  rawLayers: z.array(folder).min(1).describe("Folders in which a file is looked for, in this order, e.g. /eos/cms."),
  modelRegistry: folder.describe("Folder of the ONNX models, a folder a workspace inside."),
  scratch: quantity.default("2Gi").describe("Volume for the copy of one ROOT file."),
  flowerUser: flowerUser.default("dials").describe("Who logs in to Flower; the password is generated."),
});

const web = z.strictObject({
  backendReplicas: z.int().min(1).max(50).default(5),
  frontendReplicas: z.int().min(1).max(50).default(3),
  gunicornWorkers: z.int().min(1).max(32).default(3).describe("Requests that one backend pod serves at once."),
  timeoutSeconds: seconds.default(30).describe("Longest request: of nginx and of gunicorn alike."),
  routeTimeoutSeconds: seconds.default(180).describe("How long the router waits; not less than timeoutSeconds."),
  cacheSeconds: z.int().min(0).max(86_400).default(30).describe("How long answers are kept in the cache."),
});

export const settings = z.strictObject({
  cluster: z.string().describe("Which of `clusters:settings` runs it."),
  namespace: z.strictObject({
    name: z
      .string()
      .regex(/^(?=.*cms-dials)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a project whose name contains cms-dials")
      .describe("Project of the service."),
    create: z
      .boolean()
      .default(false)
      .describe("CERN's projects are made in its self-service; elsewhere make it here."),
  }),
  domain: z.hostname().default("web.cern.ch").describe("Domain of both hosts; the router admits no other."),
  frontendHost: z.hostname().describe("Public name of the web application."),
  apiHost: z.hostname().describe("Public name of the API."),
  exposure: exposure.describe("Who may call."),
  images: z
    .strictObject(
      Object.fromEntries((Object.keys(images) as ImageName[]).map((name) => [name, pinnedImage.optional()])) as {
        [K in ImageName]: z.ZodOptional<typeof pinnedImage>;
      },
    )
    .default({})
    .describe("Images that replace those of components/dials/images.ts, e.g. by digest."),
  imageStreams: z
    .boolean()
    .default(false)
    .describe("OpenShift: pull through ImageStreams, which keep the history; every image needs a digest then."),
  frontendBuild: z
    .strictObject({
      apiHost: z.hostname().default(productionBuild.apiHost),
      publicClient: clientId.default(productionBuild.publicClient),
      audience: clientId.default(productionBuild.audience),
    })
    .prefault({})
    .describe(
      "What is compiled into the frontend image; the defaults are the only build of DIALS' own sources. `ops dials release --stack` builds another.",
    ),
  sso: z.strictObject({
    server: z
      .url()
      .endsWith("/", "expected a URL that ends with /: paths are appended to it")
      .default(productionSso.server)
      .describe("Keycloak. OMS and the run registry take tokens of CERN's only."),
    realm: z.string().min(1).default(productionSso.realm),
    confidentialClient: clientId.describe("Application whose tokens the API takes; the frontend's audience."),
    apiClients: z.array(clientId).default([]).describe("Applications that call the API with a secret of their own."),
    omsClient: clientId.describe("Application by which the backend asks OMS and the run registry."),
  }),
  database: z.strictObject({
    host: z.hostname().describe("PostgreSQL server, e.g. of CERN's DB on Demand."),
    port: z.int().min(1).max(65_535).default(5432),
    user: z.string().regex(/^\w+$/, "expected a PostgreSQL role").describe("Role that may create databases."),
  }),
  accounts: z.strictObject({
    eos: z.string().min(1).describe("Service account that reads EOS."),
    lxplus: z.string().min(1).describe("Account by which the backend runs brilcalc on lxplus."),
  }),
  workspaces: z.array(workspaceSchema).min(1).describe("The detector groups; everything about them follows from this."),
  defaultWorkspace: z.string().describe("Workspace of users without a role."),
  etl,
  web: web.prefault({}),
  broker: z
    .strictObject({
      ...claim,
      appendOnly: z
        .boolean()
        .default(false)
        .describe(
          "Write each message to disk at once. Not for a volume with a snapshot of before: Redis ignores it then.",
        ),
    })
    .prefault({})
    .describe("Volume redis-etl-broker: queues, results and schedule."),
  eos: z
    .strictObject({ ...claim, storageClass: claim.storageClass.default("eos") })
    .prefault({})
    .describe("Volume eos-storage: the mount of EOS; its size means nothing."),
  passwordRound: z
    .int()
    .min(1)
    .default(1)
    .describe("A new number generates new passwords for Redis, Flower and Django and restarts their users."),
  disposable: z
    .boolean()
    .default(false)
    .describe("Volumes and the namespace may be deleted without removing a protection first."),
  retainOnDelete: z
    .boolean()
    .default(false)
    .describe("Leave volumes and the namespace in the cluster when they leave the program."),
});

export type DialsSettings = z.infer<typeof settings>;
export type EtlSettings = DialsSettings["etl"];
