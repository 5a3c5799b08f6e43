import { z } from "zod";
import { accessMode, pinnedImage, processors, quantity } from "../../config/fields.ts";
import { configurationSettings } from "./files/settings.ts";
import { type ImageName, images } from "./images.ts";
import { jobSecretNames } from "./jobSecrets.ts";
import { workloads } from "./inventory.ts";

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and -");
const replicas = z.int().min(1).max(20);
const path = z
  .string()
  .regex(/^\/([\w.-]+(\/[\w.-]+)*)?$/, "expected a path such as /hook, without a slash at its end");

const claim = {
  size: quantity.describe("May grow, never shrink."),
  storageClass: z.string().min(1).optional().describe("The cluster's default class by default."),
  accessMode,
};

export const settings = z.strictObject({
  cluster: z.string().describe("Which of `clusters:settings` runs it."),
  namespaces: z.strictObject({
    prow: label.describe("Namespace of Prow's own programs."),
    jobs: label.describe("Namespace of ProwJobs and of the jobs' pods."),
  }),
  namePrefix: z
    .string()
    .regex(/^([a-z][a-z0-9-]{0,18}-)?$/, "expected nothing, or a prefix that ends with -")
    .default("")
    .describe("In front of every object's name but namespaces, nodes and the ProwJob definition."),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, "expected the name of a bucket")
    .describe("Bucket of the jobs' logs and artifacts, which gcsweb shows."),
  hosts: z.strictObject({
    deck: z.hostname().describe("Public name of the web interface."),
    hook: z.hostname().describe("Public name that GitHub calls."),
    gcsweb: z.hostname().describe("Public name of the bucket's browser."),
  }),
  paths: z
    .strictObject({
      hook: path.default("/hook").describe("Path of the webhook; hook itself listens on it, nothing is rewritten."),
      gcsweb: path
        .default("/")
        .describe("Path below which gcsweb appears; other than / it is cut off, and /gcs/<bucket> leads to it, too."),
      gcswebFiles: z
        .enum(["own", "existing"])
        .default("own")
        .describe("Who publishes gcsweb's /icons and /styles where it has a path: this stack, or another on the host."),
    })
    .prefault({}),
  ingress: z
    .strictObject({
      class: z.string().min(1).optional().describe("The cluster's default class by default."),
      controller: z
        .boolean()
        .default(false)
        .describe("Deploy an nginx controller and its class, on a cluster that has none."),
    })
    .prefault({}),
  crd: z
    .enum(["own", "existing"])
    .describe("Who makes the ProwJob definition: this stack, or another one in the same cluster."),
  nodes: z
    .record(z.string(), z.array(z.enum(["cache", "worker", "ingress"])).min(1))
    .default({})
    .describe("Nodes and what they are for; they get the labels that pods are placed by."),
  localVolumes: z
    .strictObject({ node: z.string(), size: quantity.default("1Gi") })
    .optional()
    .describe("Volumes of class `local` in folders of a node, for a cluster without storage of its own."),
  replicas: z
    .strictObject({ deck: replicas.default(3), hook: replicas.default(4), gcsweb: replicas.default(2) })
    .prefault({}),
  resources: z
    .partialRecord(z.enum(workloads), z.strictObject({ cpu: processors.optional(), memory: quantity.optional() }))
    .default({})
    .describe("What a component may use instead of its defaults, e.g. deck: {memory: 2Gi}; request and limit."),
  images: z
    .strictObject(
      Object.fromEntries((Object.keys(images) as ImageName[]).map((name) => [name, pinnedImage.optional()])) as {
        [K in ImageName]: z.ZodOptional<typeof pinnedImage>;
      },
    )
    .default({})
    .describe("Images that replace those of components/prow/images.ts, e.g. by digest."),
  github: z.strictObject({
    appId: z
      .int()
      .min(1)
      .optional()
      .describe("Id of the GitHub App that Prow acts as; without it, the token's user does everything."),
    scopes: z
      .array(z.string().min(1))
      .default(["read:user"])
      .describe("Scopes that the bot's token may have; `npm run ops -- prow token` refuses more."),
    oauthClientId: z.string().min(1).describe("OAuth application by which people log in to Deck."),
  }),
  apiPorts: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .default([443, 6443])
    .describe("Where pods find the cluster's API server; what a network policy sees, not the Service's 443 alone."),
  suspendCronJobs: z
    .boolean()
    .default(false)
    .describe("No run of branch-protector and label-sync, which write to GitHub: for all but production."),
  ghproxy: z.strictObject(claim).describe("Volume of GitHub's answers; ghproxy keeps less than it holds."),
  greenhouse: z
    .strictObject({ ...claim, volumeName: z.string().optional().describe("A certain PersistentVolume.") })
    .describe("Claim `greenhouse`; the cache itself is in a folder of the cache node."),
  mirrorProxy: z.strictObject(claim).describe("Volume of docker-mirror-proxy: images of all registries."),
  buildClusters: z
    .boolean()
    .default(false)
    .describe("Jobs may name other clusters; their contexts are in the secret `kubeconfig`."),
  jobSecrets: z.array(z.enum(jobSecretNames)).default([]).describe("Secrets that jobs mount."),
  configuration: configurationSettings.prefault({}).describe("Prow's own configuration files."),
  retainOnDelete: z.boolean().default(false).describe("Leave volumes and namespaces in the cluster."),
  protect: z.boolean().default(true).describe("Refuse to delete claims and the ProwJob definition."),
});

export type ProwSettings = z.infer<typeof settings>;
