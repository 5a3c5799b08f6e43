/** `orrery dials list`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";
import { isFine, listRows } from "../../lib/dials/status.ts";

export const command = defineCommand({
  about: `Lists the Deployments next to what the settings ask for: wanted, ready and updated pods, and what is wrong. Exit code 1 if one is missing
or not ready.`,
  options: { ...stackOptions, ...kubectlOptions, json: { type: "boolean", help: "print JSON, with images" } },
  async run(values) {
    const { settings } = openStack(dialsSchema, values);
    const table = await listRows(settings, new Kubectl(settings.namespace.name, values));
    if (values.json) {
      console.log(JSON.stringify(table, undefined, 2));
    } else {
      console.log(`${"GROUP".padEnd(18)}${"NAME".padEnd(22)}READY  NOTE`);
      for (const { group, name, ready, wanted, note } of table) {
        console.log(`${group.padEnd(18)}${name.padEnd(22)}${`${ready}/${wanted ?? "-"}`.padEnd(7)}${note}`);
      }
    }
    return table.every(isFine) ? 0 : 1;
  },
});
