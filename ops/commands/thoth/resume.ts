/** `orrery thoth resume`. */
import { defineCommand } from "../../../cli/command.ts";
import { pauseOptions, setPaused } from "../../lib/thoth/pause.ts";

export const command = defineCommand({
  about: `Resumes every CronJob and tunnel, and deploys.`,
  options: pauseOptions,
  run: (values) => setPaused(false, values),
});
