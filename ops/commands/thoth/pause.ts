/** `orrery thoth pause`. */
import { defineCommand } from "../../../cli/command.ts";
import { pauseOptions, setPaused } from "../../lib/thoth/pause.ts";

export const command = defineCommand({
  about: `Suspends every CronJob, scales every tunnel to 0 pods, and deploys. Webhooks that arrive meanwhile are lost. When moving to another
cluster, pause the old one before the new one is resumed, so that the two never act at once.`,
  options: pauseOptions,
  run: (values) => setPaused(true, values),
});
