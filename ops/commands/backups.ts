/** `orrery backups`. */
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { dataSets } from "../lib/backups/dataSets.ts";
import { listed } from "../lib/backups/list.ts";
import { jsonOption } from "../lib/options.ts";
import { secretReader } from "../lib/secrets.ts";
import { groupOptions, stackOf } from "../lib/stack.ts";
import { messageOf } from "../lib/status/row.ts";

export const command = defineCommand({
  about: `Lists every data set of a stack that cannot be made again, with its newest backup: age, size, whether a check has passed. Asks the
repositories with restic, which must be installed, and changes nothing. Exit code 1 if a data set has no backup, the newest is too old or was
not checked, or a repository does not answer; data that others save (outside) does not count.

--json prints a list of {"name", "about", "state", "text", "count", "newest"}; a state is ok, outside, unchecked, late, none or unknown, newest
{"time", "id", "checked", "bytes"}.`,
  groups: { without: ["config-file"] },
  options: { ...groupOptions, ...jsonOption },
  async run({ json, ...values }) {
    const [secret, now] = [secretReader(stackOf(values)), new Date()];
    const rows = await Promise.all(
      dataSets(values).map((one) =>
        listed(one, secret, now).catch((error: unknown) => {
          if (error instanceof UsageError) throw error; // a wrong passphrase, once
          return {
            ...{ name: one.name, about: one.about, state: "unknown", count: 0 },
            text: `cannot be asked: ${messageOf(error)}`,
          };
        }),
      ),
    );
    if (json) console.log(JSON.stringify(rows, undefined, 2));
    else if (rows.length === 0) console.log(`stack ${stackOf(values).name} has no data that Orrery saves`);
    else for (const { name, state, text } of rows) console.log(`${state.padEnd(9)}  ${name.padEnd(16)}  ${text}`);
    return rows.every(({ state }) => state === "ok" || state === "outside") ? 0 : 1;
  },
});
