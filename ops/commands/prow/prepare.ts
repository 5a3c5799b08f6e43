/** `orrery prow prepare`. */
import { defineCommand } from "../../../cli/command.ts";
import { prepareCluster, testNodes } from "../../lib/prow/lifecycle.ts";
import { tokenOptions } from "../../lib/prow/token.ts";
import { stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Creates the test cluster, once. Checks GitHub's token, then starts a Kubernetes like the lab's on this machine with the nodes and storage
classes that the stack's Prow expects, and creates an empty Pulumi stack. It cannot be repeated: destroy comes first, or --reset. The
cluster requires less memory than a whole lab (6.5 GB): its containers run, and find GitHub, Docker Hub and Google's storage in the cluster, as they reach nothing outside.`,
  options: {
    stack: stackOptions.stack,
    ...tokenOptions,
    ...testNodes,
    reset: { type: "boolean", help: "remove an earlier test cluster, or what is left of it" },
  },
  async run(values) {
    await prepareCluster(values);
    return 0;
  },
});
