/** Prints what Zuul's configuration repository needs. */
import { parse } from "yaml";
import { thothSchema } from "../../components/thoth/config.ts";
import { contextName, nodepoolYaml } from "../../components/thoth/nodepool/zuulFiles.ts";
import type { Command } from "../command.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";

const help = `Usage: npm run ops -- thoth nodepool-config --stack S [--context] [--json]

Prints nodepool/thoth.yaml for zuul-config, e.g. > nodepool/thoth.yaml. The kubeconfig that belongs to it goes to the nodepool
launcher and to the executor: npx pulumi stack output --stack S --show-secrets --json thoth, member nodepoolKubeconfig.

${stackHelp}
  --context          print only the name of the kubeconfig's context
  --json             print it as JSON`;

export const command: Command = {
  help,
  options: { ...stackOptions, context: { type: "boolean" }, json: { type: "boolean" } },
  run({ values }) {
    const { name, settings } = openStack(thothSchema, values);
    if (settings.nodepool === undefined) {
      throw new Error(`thoth:settings of Pulumi.${name}.yaml has no nodepool: Zuul runs no jobs in this stack`);
    }
    const shown = values.context === true ? contextName(settings.nodepool) : nodepoolYaml(settings.nodepool).trimEnd();
    console.log(
      values.json === true ? JSON.stringify(values.context === true ? shown : parse(shown), undefined, 2) : shown,
    );
    return Promise.resolve(0);
  },
};
