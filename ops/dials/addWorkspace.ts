/** Adds a detector group to the settings; everything else about it follows from there. */
import { dialsSchema } from "../../components/dials/config.ts";
import { queueWorkers, type workspaceSchema } from "../../components/dials/inventory.ts";
import type { z } from "zod";
import { type Command, text, texts, UsageError, type Values } from "../command.ts";
import { changeSettings, openStack, stackHelp, stackOptions } from "../lib/stack.ts";

/** The entry for the list, with nothing in it that is the default anyway. */
export function entry(name: string | undefined, values: Values): z.input<typeof workspaceSchema> {
  const [role, datasets, prefixes] = [text(values, "role"), texts(values, "dataset"), texts(values, "prefix")];
  if (name === undefined) throw new UsageError("which workspace? name it, e.g. add-workspace pixel");
  if (role === undefined) throw new UsageError("--role is missing: the SSO role whose owners land in the workspace");
  if (datasets.length === 0) throw new UsageError("--dataset is missing, e.g. --dataset '/ZeroBias/*Run202*/DQMIO'");
  if (prefixes.length === 0) throw new UsageError("--prefix is missing, e.g. --prefix PixelPhase1/");
  const workers = text(values, "workers");
  return {
    name,
    role,
    ...(workers === undefined ? {} : { workers }),
    ...(values["bulk-only"] === true ? { priority: false } : {}),
    datasets: datasets.map((one) => {
      const [pattern = "", instance] = one.split("@");
      return { pattern, ...(instance === undefined ? {} : { instance: instance as "global" }) };
    }),
    prefixes: [...prefixes],
  };
}

export const command: Command = {
  help: `Usage: npm run ops -- dials add-workspace NAME --role ROLE --dataset PATTERN[@INSTANCE]... --prefix P... --stack S

Adds a workspace at the end of dials:settings.workspaces. The next deployment makes its database and its workers and tells
indexer, scheduler and backend; no other worker restarts. It is refused if the settings would be wrong then.

${stackHelp}
  --role ROLE        SSO role whose owners land in it; the first workspace of the list that fits wins
  --dataset P[@I]    dataset pattern on DBS, and the instance if it is not global; may be repeated
  --prefix P         beginning of the monitoring elements that it keeps; may be repeated
  --workers W        other beginning of its workers' names, e.g. to share another workspace's
  --bulk-only        no worker of its own for files of the priority era
  --dry-run          change nothing, say what would change`,
  options: {
    ...stackOptions,
    role: { type: "string" },
    dataset: { type: "string", multiple: true },
    prefix: { type: "string", multiple: true },
    workers: { type: "string" },
    "bulk-only": { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  run({ values, words: [name] }) {
    const stack = openStack(dialsSchema, values);
    const added = entry(name, values);
    const dryRun = values["dry-run"] === true;
    const { workspaces } = stack.settings;
    changeSettings(dialsSchema, stack, [{ at: ["workspaces", workspaces.length], value: added }], dryRun);
    const { settings } = dryRun ? stack : openStack(dialsSchema, values);
    const before = new Set(queueWorkers(workspaces).map((worker) => worker.name));
    const fresh = queueWorkers(settings.workspaces).filter((worker) => !before.has(worker.name));
    console.log(`${dryRun ? "would add" : "added"} workspace ${added.name}${dryRun ? "" : `: database ${added.name}, new workers ${fresh.map((one) => one.name).join(", ") || "none"}`}
next:
  1. on the SSO application ${settings.sso.confidentialClient}, make the role ${added.role} and link its e-group
  2. npx pulumi up --stack ${stack.name}
  3. files are found at the next full hour, or at once: npm run ops -- dials etl --stack ${stack.name} -- indexing -s`);
    return Promise.resolve(0);
  },
};
