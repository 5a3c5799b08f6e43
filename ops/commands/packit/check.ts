/** `orrery packit check`. */
import { setTimeout as sleep } from "node:timers/promises";
import { expectedWorkloads } from "../../../components/packit/inventory.ts";
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { type Row, workloadRows } from "../../lib/packit/status.ts";
import { stackOptions } from "../../lib/stack.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";

export const command = defineCommand({
  about: `Checks whether everything runs that the settings ask for. Every Deployment and StatefulSet must exist, have the right size, be up to date and ready. Exit code 1 if one is not.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    wait: { type: "duration", default: "0", help: "repeat the check for this long until everything runs" },
    ...jsonOption,
  },
  async run(values) {
    const { settings, kubectl } = await openInstance(values);
    const deadline = Date.now() + values.wait * 1000;
    const well = (all: readonly Row[]): boolean => all.every(({ note }) => note === "ok");
    const expected = expectedWorkloads(settings);
    let table = await workloadRows(kubectl, expected);
    while (!well(table) && Date.now() < deadline) {
      await sleep(1000);
      table = await workloadRows(kubectl, expected);
    }
    if (values.json) console.log(JSON.stringify(table, undefined, 2));
    else
      for (const { name, ready, wanted, note } of table)
        console.log(`${name.padEnd(30)}${`${ready}/${wanted}`.padEnd(7)}${note}`);
    return well(table) ? 0 : 1;
  },
});
