/** `orrery prow converge`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions } from "../../lib/prow/environment.ts";
import { convergeOptions, deploy, yesOption } from "../../lib/prow/lifecycle.ts";

export const command = defineCommand({
  about: `Deploys Prow, waits until it is ready and collects artifacts. Checks GitHub's token and the jobs, deploys Prow (only Prow, if the stack has
other systems), loads the jobs, waits until all pods are ready and collects artifacts, also after a failure. Exit code 1 if they do not
become ready.`,
  options: { ...environmentOptions, ...convergeOptions, ...yesOption },
  run: deploy,
});
