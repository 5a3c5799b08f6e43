/** `orrery dials pause`. */
import { defineCommand } from "../../../cli/command.ts";
import { pauseOptions, setPaused } from "../../lib/dials/pause.ts";

export const command = defineCommand({
  about: `Pauses the ETL: sets etl.paused and deploys. Every ETL Deployment is scaled to 0 pods, the two Redis stay. Workers get
etl.graceSeconds for the running task; queued tasks wait in the broker. Where tasks may take longer, drain first:
npx orrery dials rollout workers --stack S -- npx orrery dials pause --stack S --yes`,
  options: pauseOptions,
  run: (values) => setPaused(true, values),
});
