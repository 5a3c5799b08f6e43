/** `orrery state backups`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { groupOptions } from "../../lib/stack.ts";
import { backupsOf, openStore } from "../../lib/state/store.ts";

export const command = defineCommand({
  about: `Lists the saved states of a stack, the newest first. There is one of every completed update, and those that state
backup, restore and recover saved. They are never deleted automatically; pulumi stack rm --remove-backups deletes them.`,
  groups: { without: ["config-file"] },
  options: { ...groupOptions, ...jsonOption },
  async run(values) {
    const backups = await backupsOf(await openStore(values));
    if (values.json) console.log(JSON.stringify(backups, undefined, 2));
    else for (const { name, time } of backups) console.log(`${time.toISOString().slice(0, 19)}Z  ${name}`);
    return 0;
  },
});
