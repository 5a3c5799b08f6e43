/** `orrery packit cleanup`. */
import { ask } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { decide } from "../../lib/decision/decide.ts";
import { stackOptions } from "../../lib/stack.ts";
import { openInstance, openService, serviceOptions } from "../../lib/packit/service.ts";
import { protectedUrns, resources, under } from "../../lib/resources.ts";

export const command = defineCommand({
  about: `Removes one service of a stack with all its data. Volumes and databases are included; the stack's other systems stay. Refused for
production (deployment: prod), whatever the options say. Without --yes you type the namespace's name first.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    yes: { type: "boolean", help: "do not ask" },
    "dry-run": { type: "boolean", help: "change nothing, say what would be removed" },
  },
  async run(values) {
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
      `${values.dryRun ? "would remove" : "removing"} ${chosen.length} resources of ${service} in ${namespace}, with their data`,
    );
    if (values.dryRun) return 0;
    const { yes } = values;
    if (!yes && (await ask(`type ${namespace} to continue: `, "give --yes")) !== namespace) {
      console.error("that is another name; nothing was removed");
      return 1;
    }
    const targets = chosen.flatMap(({ urn }) => ["--target", urn]);
    const code = await decide(opened, { command: "packit cleanup" }, async (decision) => {
      await decision.lift(protectedUrns(chosen));
      return decision.run("destroy", yes, targets);
    });
    if (code !== 0) return code;
    console.log(`removed ${service} of ${name}`);
    return 0;
  },
});
