/** `orrery state backup`. */
import { defineCommand } from "../../../cli/command.ts";
import { stackOptions } from "../../lib/stack.ts";
import { saveState, openStore, presentState } from "../../lib/state/store.ts";

export const command = defineCommand({
  about: `Saves the stack's present state among the backend's backups. The engine does so at the end of every completed update, so
the state before an update is saved already; this is for a state that was changed in another way (pulumi state, stack import).
Secrets stay encrypted in it.`,
  options: { ...stackOptions, "dry-run": { type: "boolean", help: "only say what would be saved" } },
  async run(values) {
    const store = await openStore(values);
    const present = await presentState(store);
    if (present === undefined) throw new Error(`${store.url} has no state of stack ${store.name}`);
    if (values.dryRun) {
      console.log(`would save ${present.key} (${present.bytes.length} bytes)`);
      return 0;
    }
    console.log(`saved as ${(await saveState(store)) ?? ""}`);
    return 0;
  },
});
