/** What a service says. */
import type { Command } from "../command.ts";
import { deploymentOf, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";

export const command: Command = {
  help: `Usage: npm run ops -- prow logs SERVICE --stack S [-- KUBECTL OPTIONS]

Prints the logs of all pods of a service, e.g. hook; options after -- go to kubectl logs, e.g. -- --follow --since=1h.

${environmentHelp}`,
  options: environmentOptions,
  async run({ values, words: [service], rest }) {
    const environment = await openEnvironment(values);
    const { name } = deploymentOf(environment, service);
    return inCluster(environment, values, (kubectl, inside) =>
      kubectl.foreground(["logs", `deployment/${name}`, ...inside, "--all-pods", "--prefix", ...rest]),
    );
  },
};
