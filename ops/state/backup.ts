/** Keeps a stack's present state. */
import type { Command } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { keepState, openStore, presentState } from "./store.ts";

export const command: Command = {
  help: `Usage: npm run ops -- state backup --stack S [--dry-run]

Copies the stack's state to the backend's own backups. The engine does so itself at the end of every update that it comes to the end of, so
what an update begins with is kept already; this is for a state that was changed otherwise (pulumi state, stack import).
Secrets stay encrypted in it.

${stackHelp}
  --dry-run          only tell what would be kept`,
  options: { ...stackOptions, "dry-run": { type: "boolean" } },
  async run({ values }) {
    const store = await openStore(values);
    const present = await presentState(store);
    if (present === undefined) throw new Error(`${store.url} has no state of stack ${store.name}`);
    if (values["dry-run"] === true) {
      console.log(`would keep ${present.key} (${present.bytes.length} bytes)`);
      return 0;
    }
    console.log(`kept as ${(await keepState(store)) ?? ""}`);
    return 0;
  },
};
