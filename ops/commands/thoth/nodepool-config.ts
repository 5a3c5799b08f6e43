/** `orrery thoth nodepool-config`. */
import { parse } from "yaml";
import { thothSchema } from "../../../components/thoth/config.ts";
import { contextName, nodepoolYaml } from "../../../components/thoth/nodepool/zuulFiles.ts";
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Prints nodepool/thoth.yaml for zuul-config, e.g. > nodepool/thoth.yaml. The kubeconfig that belongs to it goes to the nodepool
launcher and to the executor: npx pulumi stack output --stack S --show-secrets --json thoth, member nodepoolKubeconfig.`,
  options: {
    ...stackOptions,
    context: { type: "boolean", help: "print only the name of the kubeconfig's context" },
    ...jsonOption,
  },
  run(values) {
    const { name, settings } = openStack(thothSchema, values);
    if (settings.nodepool === undefined) {
      throw new Error(`thoth:settings of Pulumi.${name}.yaml has no nodepool: Zuul runs no jobs in this stack`);
    }
    const shown = values.context ? contextName(settings.nodepool) : nodepoolYaml(settings.nodepool).trimEnd();
    console.log(values.json ? JSON.stringify(values.context ? shown : parse(shown), undefined, 2) : shown);
    return 0;
  },
});
