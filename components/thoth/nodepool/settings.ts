import { z } from "zod";
import type { RuleProblem } from "../../../config/define.ts";
import { namespaceName, pinnedImage } from "../../../config/fields.ts";

const node = z.strictObject({
  image: z.string().min(1).describe("Image of the node's pod: a tag of one of `streams`, e.g. thoth-coala:ubi8."),
  minReady: z.int().min(0).default(0).describe("Nodes that always wait ready."),
  cpu: z
    .int({ error: "expected a whole number: the driver refuses fractions" })
    .min(1)
    .default(1)
    .describe("Processors."),
  memory: z.int().min(64).default(1024).describe("Memory in MiB."),
});

const tag = z.union([
  pinnedImage.describe("Image that the tag refers to."),
  z.strictObject({
    contextDir: z
      .string()
      .min(1)
      .describe("Folder of thoth-ops-infra from whose Dockerfile the cluster builds the image."),
    ref: z
      .string()
      .regex(/^[\w][\w./-]*$/, "expected a commit or tag")
      .describe("Commit or tag of it that has the folder; its branches have lost those of 2019."),
  }),
]);

/** What Zuul's nodepool needs on the cluster, and its configuration. */
export const nodepoolSettings = z.strictObject({
  cluster: z.string().min(1).describe("Cluster that runs the job nodes."),
  server: z
    .url({ error: "expected the API server's URL, e.g. https://paas.psi.redhat.com:443" })
    .describe("API server as Zuul's hosts reach it."),
  namespace: namespaceName.default("thoth-zuul").describe("Namespace of the job nodes."),
  protect: z.boolean().default(true).describe("Refuse to delete the namespace and the account that Zuul's hosts use."),
  provider: z.string().min(1).default("psi").describe("Name of the provider in nodepool's configuration."),
  pool: z.string().min(1).default("thoth-zuul").describe("Name of the pool; the driver wants the namespace's."),
  launchRetries: z.int().min(1).default(3).describe("Attempts to start a node."),
  maxPods: z
    .int()
    .min(1)
    .optional()
    .describe("Most nodes at once, unlimited by default; nodepool 3.13 or newer takes it."),
  streams: z
    .record(z.string().min(1), z.record(z.string().min(1), tag))
    .describe("ImageStream -> tag -> where its image comes from; pods name them without a registry."),
  labels: z.record(z.string().min(1), node).describe("Label that jobs ask for -> node."),
});
export type NodepoolSettings = z.infer<typeof nodepoolSettings>;

/** Problems across nodepool's settings. */
export function nodepoolProblems({
  pool,
  namespace,
  labels,
  streams,
  maxPods,
}: NodepoolSettings): readonly RuleProblem[] {
  const wrongPool =
    pool === namespace
      ? []
      : [
          {
            path: "nodepool.pool",
            problem: `got "${pool}"; expected the namespace, "${namespace}", as openshiftpods wants`,
          },
        ];
  const ready = Object.values(labels).reduce((sum, { minReady }) => sum + minReady, 0);
  const tooMany =
    maxPods === undefined || ready <= maxPods
      ? []
      : [{ path: "nodepool.maxPods", problem: `got ${maxPods}; the labels keep ${ready} nodes ready` }];
  const dangling = Object.entries(labels).flatMap(([name, { image }]) => {
    const [stream = "", tag = "latest"] = image.split(":");
    return streams[stream]?.[tag] === undefined
      ? [
          {
            path: `nodepool.labels.${name}.image`,
            problem: `got "${image}"; nodepool.streams has no such stream and tag`,
          },
        ]
      : [];
  });
  return [...wrongPool, ...tooMany, ...dangling];
}
