import { z } from "zod";
import { newestTree, treeNames } from "./base/trees.ts";
import { configurationVersions, newestVersion } from "./base/versions.ts";

/** ConfigMaps that Prow's config-updater can own. */
const updatable = ["config", "plugins", "label-config", "job-config"] as const;

/** A ConfigMap that Prow's config-updater can own. */
export type Updatable = (typeof updatable)[number];

const jobs = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("stub").describe("One job that does nothing, of a repository that nobody has.") }),
  z.strictObject({
    from: z.literal("folder"),
    path: z.string().min(1).describe("Folder with all job files, relative to the project, e.g. of a checkout."),
  }),
  z.strictObject({ from: z.literal("none").describe("No job: `npm run ops -- prow bootstrap` brings them.") }),
]);

/** Settings of Prow's own configuration files; part of `prow:settings`. */
export const configurationSettings = z.strictObject({
  version: z
    .enum(configurationVersions)
    .default(newestVersion)
    .describe("Version of the base configuration that the environment's edits are applied to."),
  tree: z
    .enum(treeNames)
    .default(newestTree)
    .describe(
      "Layout of kubevirt/project-infra, by its day: where Prow's updater and rehearse find jobs and configuration.",
    ),
  jobs: jobs.prefault({ from: "stub" }).describe("What job-config holds when it is made."),
  updaterOwns: z
    .array(z.enum(updatable))
    .default([])
    .describe("Made once, and then changed by Prow's config-updater alone; all others are the program's alone."),
});

export type ConfigurationSettings = z.infer<typeof configurationSettings>;
