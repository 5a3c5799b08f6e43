/** `orrery drill`. */
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { dataSets } from "../lib/backups/dataSets.ts";
import { drill, type Drilled } from "../lib/backups/drill.ts";
import { interruptible } from "../../cli/interrupt.ts";
import { jsonOption } from "../lib/options.ts";
import { secretReader } from "../lib/secrets.ts";
import { groupOptions, stackOf } from "../lib/stack.ts";
import { messageOf } from "../lib/status/row.ts";

export const command = defineCommand({
  about: `Restores the newest backup of each data set on this machine, and says whether it is whole. Reads all data of the repository, loads
databases into a PostgreSQL server in a temporary folder, and compares rows, checksums and sequences with those that were written when the
backup was made. Nothing in the clouds is touched; all of it is removed again. restic and a server as new as the service's must be
installed. Exit code 1 if a data set has no backup or it is not whole.

--json prints a list of {"name", "whole", "none", "failed", "text", "problems", "time", "seconds"}.`,
  groups: { without: ["config-file", "only"], inTurn: true },
  options: {
    ...groupOptions,
    only: { type: "string", value: "NAME", multiple: true, help: "only this data set" },
    ...jsonOption,
  },
  async run({ json, only, ...values }) {
    const all = dataSets(values).filter(({ outside }) => outside === undefined);
    const strange = only.find((name) => all.every((one) => one.name !== name));
    if (strange !== undefined)
      throw new UsageError(`there is no data set ${strange}; there are ${all.map(({ name }) => name).join(", ")}`);
    const [secret, results] = [secretReader(stackOf(values)), [] as Drilled[]];
    await interruptible(async (ending) => {
      // One after the other: each fills disk and memory of this machine.
      for (const one of all.filter(({ name }) => only.length === 0 || only.includes(name))) {
        const result = await drill(one, secret, new Date(), ending).catch((error: unknown): Drilled => {
          const text = messageOf(error);
          return { name: one.name, whole: false, none: false, failed: true, text, problems: [text] };
        });
        if (ending.aborted) return;
        if (!json) console.log(`${one.name} ${begin(result)}${result.text}`);
        results.push(result);
      }
    });
    if (json) console.log(JSON.stringify(results, undefined, 2));
    return results.every(({ whole }) => whole) ? 0 : 1;
  },
});

function begin({ whole, none, failed }: Drilled): string {
  if (whole) return "";
  return none ? "HAS NO BACKUP: " : failed === true ? "COULD NOT BE DRILLED: " : "IS NOT WHOLE: ";
}
