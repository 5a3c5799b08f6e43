/** Lists the states that were kept. */
import type { Command } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { backupsOf, openStore } from "./store.ts";

export const command: Command = {
  help: `Usage: npm run ops -- state backups --stack S [--json]

Lists the stack's states that were kept, the newest first: one of every update that came to its end, and those that state backup, restore and
recover made. None goes by itself; pulumi stack rm --remove-backups takes them away.

${stackHelp}
  --json             [{"name", "key", "time"}]`,
  options: { ...stackOptions, json: { type: "boolean" } },
  async run({ values }) {
    const backups = await backupsOf(await openStore(values));
    if (values.json === true) console.log(JSON.stringify(backups, undefined, 2));
    else for (const { name, time } of backups) console.log(`${time.toISOString().slice(0, 19)}Z  ${name}`);
    return 0;
  },
};
