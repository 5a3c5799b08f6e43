/** `orrery dials resume`. */
import { defineCommand } from "../../../cli/command.ts";
import { pauseOptions, setPaused } from "../../lib/dials/pause.ts";

export const command = defineCommand({
  about: `Resumes the ETL: unsets etl.paused and deploys. Every ETL Deployment gets its pod back and continues with the queues.`,
  options: pauseOptions,
  run: (values) => setPaused(false, values),
});
