/** `orrery prow logs`. */
import { defineCommand } from "../../../cli/command.ts";
import { deploymentOf, environmentOptions, inCluster, openEnvironment } from "../../lib/prow/environment.ts";

export const command = defineCommand({
  usage: "SERVICE [-- OPTIONS...]",
  about: `Prints the logs of all pods of a service, e.g. hook. OPTIONS go to kubectl logs, e.g. -- --follow --since=1h.`,
  options: environmentOptions,
  async run(values, [service], rest) {
    const environment = await openEnvironment(values);
    const { name } = deploymentOf(environment, service);
    return inCluster(environment, values, (kubectl, inside) =>
      kubectl.foreground(["logs", `deployment/${name}`, ...inside, "--all-pods", "--prefix", ...rest]),
    );
  },
});
