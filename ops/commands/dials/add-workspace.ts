/** `orrery dials add-workspace`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { queueWorkers, type workspaceSchema } from "../../../components/dials/inventory.ts";
import type { z } from "zod";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { dryRunOption } from "../../lib/options.ts";
import { changeSettings, openStack, stackOptions } from "../../lib/stack.ts";

const addOptions = {
  ...stackOptions,
  role: {
    type: "string",
    required: true,
    help: "SSO role whose members get this workspace; the first match in the list wins",
  },
  dataset: {
    type: "string",
    value: "PATTERN[@INSTANCE]",
    multiple: true,
    required: true,
    help: "dataset pattern on DBS, and the instance unless it is global, e.g. '/ZeroBias/*Run202*/DQMIO'",
  },
  prefix: {
    type: "string",
    multiple: true,
    required: true,
    help: "prefix of the monitoring elements that it stores, e.g. PixelPhase1/",
  },
  workers: { type: "string", help: "another prefix of its workers' names, e.g. to share another workspace's" },
  "bulk-only": { type: "boolean", help: "no worker of its own for files of the priority era" },
  ...dryRunOption,
} as const satisfies OptionSpecs;

type EntryValues = Pick<ValuesOf<typeof addOptions>, "role" | "dataset" | "prefix" | "workers" | "bulkOnly">;

/** The entry for the list, without defaults. */
function entry(
  name: string,
  { role, dataset: datasets, prefix: prefixes, workers, bulkOnly }: EntryValues,
): z.input<typeof workspaceSchema> {
  return {
    name,
    role,
    ...(workers === undefined ? {} : { workers }),
    ...(bulkOnly ? { priority: false } : {}),
    datasets: datasets.map((one) => {
      const [pattern = "", instance] = one.split("@");
      return { pattern, ...(instance === undefined ? {} : { instance: instance as "global" }) };
    }),
    prefixes: [...prefixes],
  };
}

export const command = defineCommand({
  usage: "NAME",
  about: `Adds a workspace, one detector group, at the end of dials:settings.workspaces. The next deployment creates its database and its
workers and informs indexer, scheduler and backend; no other worker restarts. It is refused if the settings would be invalid.`,
  options: addOptions,
  run(values, [name]) {
    const stack = openStack(dialsSchema, values);
    const added = entry(name, values);
    const { dryRun } = values;
    const { workspaces } = stack.settings;
    changeSettings(dialsSchema, stack, [{ at: ["workspaces", workspaces.length], value: added }], dryRun);
    const { settings } = dryRun ? stack : openStack(dialsSchema, values);
    const before = new Set(queueWorkers(workspaces).map((worker) => worker.name));
    const fresh = queueWorkers(settings.workspaces).filter((worker) => !before.has(worker.name));
    console.log(`${dryRun ? "would add" : "added"} workspace ${added.name}${dryRun ? "" : `: database ${added.name}, new workers ${fresh.map((one) => one.name).join(", ") || "none"}`}
next:
  1. on the SSO application ${settings.sso.confidentialClient}, create the role ${added.role} and link its e-group
  2. npx pulumi up --stack ${stack.name}
  3. files are indexed at the next full hour, or at once: npx orrery dials etl --stack ${stack.name} -- indexing -s`);
    return 0;
  },
});
