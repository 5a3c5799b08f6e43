/** `orrery prow cleanup`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions } from "../../lib/prow/environment.ts";
import { removeDeployment, yesOption } from "../../lib/prow/lifecycle.ts";

export const command = defineCommand({
  about: `Removes the deployment and keeps the cluster. Its namespaces are removed too, so that it can be deployed again in the same cluster. If
something is protected, nothing is removed; nodes keep their labels, and the definition of ProwJobs stays for other environments.`,
  options: { ...environmentOptions, ...yesOption },
  run: removeDeployment,
});
