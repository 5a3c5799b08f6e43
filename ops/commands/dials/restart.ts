/** `orrery dials restart`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { rollOut } from "../../lib/kube/pods.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";
import { select, targetHelp, targets } from "../../lib/dials/selection.ts";

export const command = defineCommand({
  usage: "DEPLOYMENT...",
  about: `Restarts Deployments as they are, one after the other, and waits until the new pods are ready. Workers that take tasks are refused:
rollout drains them first.

${targetHelp}`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    timeout: { type: "duration", default: "10m", help: "how long one Deployment may take" },
    "without-drain": {
      type: "boolean",
      help: "restart workers as well; a task that exceeds their grace period is lost",
    },
    "dry-run": { type: "boolean", help: "change nothing, say what would be restarted" },
  },
  async run(values, words) {
    const { settings } = openStack(dialsSchema, values);
    const chosen = select(targets(settings), words);
    const seconds = values.timeout;
    const busy = chosen.filter(({ takesTasks }) => takesTasks).map(({ name }) => name);
    if (busy.length > 0 && !values.withoutDrain) {
      throw new Error(
        `${busy.join(", ")} may have running tasks; use: npx orrery dials rollout ${busy.join(" ")} (or --without-drain)`,
      );
    }
    const kubectl = new Kubectl(settings.namespace.name, values);
    for (const { name } of chosen) {
      if (values.dryRun) {
        console.log(`would restart ${name}`);
        continue;
      }
      await rollOut(kubectl, name, seconds);
      console.log(`restarted ${name}`);
    }
    return 0;
  },
});
