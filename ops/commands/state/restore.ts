/** `orrery state restore`. */
import { confirm } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { unlockOption } from "../../lib/options.ts";
import { stackOptions } from "../../lib/stack.ts";
import { checkPassphrase } from "../../lib/state/export.ts";
import { whileHeld } from "../../lib/state/heldState.ts";
import { locksOf, assertUnlocked } from "../../lib/state/lock.ts";
import { assertEngineReads } from "../../lib/state/opens.ts";
import {
  backupsOf,
  parseState,
  saveState,
  type SavedState,
  newestComplete,
  openStore,
  type Store,
} from "../../lib/state/store.ts";

export const command = defineCommand({
  usage: "[NAME]",
  about: `Replaces the stack's state by a backup. state backups lists the backups; without a NAME it is the newest complete one. A
present state is saved first. Refused if the present passphrase or key does not open the backup. The stack is locked until the end, also
while it asks. It does not know resources that were created after that backup: list them with npx pulumi
preview, import them with npx pulumi import. No cloud is asked, nothing else is changed.`,
  options: {
    ...stackOptions,
    "dry-run": { type: "boolean", help: "only say which backup" },
    yes: { type: "boolean", short: "y", help: "do not ask" },
    unlock: unlockOption,
  },
  async run(values, [name]) {
    const store = await openStore(values);
    checkPassphrase(store);
    const chosen = await choose(store, name);
    assertUnlocked(store, await locksOf(store), values.unlock);
    const backup = `${chosen.name} of ${chosen.time.toISOString().slice(0, 19)}Z`;
    const key = `.pulumi/stacks/${store.project}/${store.name}${chosen.name.slice(chosen.name.indexOf(".json"))}`;
    await assertEngineReads(store, `backup ${chosen.name}`, { key, bytes: chosen.bytes });
    if (values.dryRun) {
      console.log(`would replace the present state by ${backup}`);
      return 0;
    }
    return whileHeld(store, values.unlock, async (held) => {
      if (!(await confirm(`Replace the state of stack ${store.name} by ${backup}?`, values.yes))) return 1;
      const kept = held.present === undefined ? undefined : await saveState(store, Date.now(), held.present);
      await held.write(key, chosen.bytes);
      const { resources } = parseState(chosen.name, chosen.bytes)?.deployment ?? {};
      console.log(`restored ${backup}: ${(resources ?? []).length} resources`);
      if (kept !== undefined) console.log(`the state before is saved as ${kept}`);
      console.log(`next: npx pulumi preview --stack ${store.name} shows what differs from the program`);
      return 0;
    });
  },
});

/** The backup that is named, else the newest that is complete. @throws UsageError if there is none */
async function choose(store: Store, wanted: string | undefined): Promise<SavedState> {
  const none = `${store.url} has no backup${wanted === undefined ? "" : ` ${wanted}`} of stack ${store.name}; state backups lists them`;
  if (wanted === undefined) {
    const newest = await newestComplete(store);
    if (newest === undefined) throw new UsageError(none);
    return newest;
  }
  const named = (await backupsOf(store)).find(({ name }) => name === wanted);
  const bytes = named === undefined ? undefined : await store.bucket.read(named.key);
  if (named === undefined || bytes === undefined) throw new UsageError(none);
  if (parseState(named.name, bytes) === undefined)
    throw new UsageError(`${wanted} is not a complete state; nothing was changed`);
  return { ...named, bytes };
}
