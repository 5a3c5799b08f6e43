/** Removes one service of a stack with all its data. */
import { ask } from "../lib/prompt.ts";
import type { Command } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { pulumiRun, stackHelp, stackOptions } from "../lib/stack.ts";
import { openInstance, openService, serviceHelp, serviceOptions } from "./instance.ts";
import { resources, under, unprotect } from "./state.ts";

export const command: Command = {
  help: `Usage: npm run ops -- packit cleanup --stack S [--service NAME] [--yes] [--dry-run]

Removes everything of one service of the stack, volumes and databases included; the stack's other systems stay. Never production:
where deployment is prod it refuses, whatever the options say. Without --yes you type the namespace's name first.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --yes              do not ask
  --dry-run          change nothing, say what would be removed`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values }) {
    if (openService(values).settings.deployment === "prod") {
      throw new Error("this is production; cleanup never removes it, and nothing was removed");
    }
    const opened = await openInstance(values);
    const { service, settings, name } = opened;
    const namespace = settings.namespace.name;
    const chosen = under(
      await resources(name),
      ({ urn, type }) => type.startsWith("orrery:packit:") && urn.endsWith(`::${service}`),
    );
    if (chosen.length === 0) throw new Error(`stack ${name} has nothing of ${service}; nothing was removed`);
    console.log(
      `${values["dry-run"] === true ? "would remove" : "removing"} ${chosen.length} resources of ${service} in ${namespace}, with their data`,
    );
    if (values["dry-run"] === true) return 0;
    const yes = values.yes === true;
    if (!yes && (await ask(`type ${namespace} to go on: `, "give --yes")) !== namespace) {
      console.error("that is another name; nothing was removed");
      return 1;
    }
    await unprotect(name, chosen);
    const targets = chosen.flatMap(({ urn }) => ["--target", urn]);
    const code = await pulumiRun(opened, "destroy", [...targets, ...(yes ? ["--yes"] : [])]);
    if (code !== 0) return code;
    console.log(`removed ${service} of ${name}`);
    return 0;
  },
};
