/** `orrery packit deploy`. */
import { defineCommand } from "../../../cli/command.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { pulumiRun, pulumiUp } from "../../lib/pulumi.ts";
import { stackOptions } from "../../lib/stack.ts";
import { openInstance, openService, serviceOptions } from "../../lib/packit/service.ts";
import { chosenComponents, componentsOf, urnsOf } from "../../lib/packit/components.ts";

export const command = defineCommand({
  usage: "[COMPONENT...]",
  about: `Deploys some components of a service and leaves the others as they are. It runs pulumi up with targets; nothing else of the stack
changes. What a component depends on must be deployed already: the first deployment is a complete one, npx pulumi up.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    list: { type: "boolean", help: "list the components, and deploy nothing" },
    dependents: { type: "boolean", help: "deploy what depends on them, too: with secrets, the pods that read them" },
    yes: { type: "boolean", help: "do not ask" },
    "dry-run": { type: "boolean", help: "change nothing, show what would change" },
  },
  async run(values, words) {
    const { settings } = openService(values);
    const all = componentsOf(settings);
    if (values.list) {
      for (const { name, on } of all) if (on) console.log(name);
      return 0;
    }
    const chosen = chosenComponents(words, all);
    const opened = await openInstance(values);
    const targets = chosen.flatMap((one) => ["--target", urnsOf(opened.service, one)]);
    const more = [...targets, ...(values.dependents ? ["--target-dependents"] : [])];
    if (values.dryRun) return pulumiRun(opened, "preview", more);
    return pulumiUp(opened, values.yes, more);
  },
});
