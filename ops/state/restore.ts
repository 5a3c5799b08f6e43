/** Puts a state that was kept in the place of the present one. */
import { confirm } from "../lib/prompt.ts";
import { type Command, UsageError } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { exported } from "./export.ts";
import { locksOf, assertUnlocked } from "./lock.ts";
import {
  backupsOf,
  isWhole,
  keepState,
  type KeptState,
  newestWhole,
  openStore,
  presentState,
  type Store,
} from "./store.ts";

export const command: Command = {
  help: `Usage: npm run ops -- state restore [NAME] --stack S [--dry-run] [--yes] [--unlock]

Puts a backup (state backups lists them; default: the newest whole one) in the place of the stack's state, which may be damaged or gone; a present state is
kept first. Things that were made after that backup are then unknown to the stack: look at them with npx pulumi preview, take them in by
npx pulumi import. No cloud is asked, nothing else is changed.

${stackHelp}
  --dry-run          only tell which backup
  --yes              do not ask
  --unlock           take over a lock of another machine on which nothing runs any more`,
  options: {
    ...stackOptions,
    "dry-run": { type: "boolean" },
    yes: { type: "boolean", short: "y" },
    unlock: { type: "boolean" },
  },
  async run({ values, words }) {
    const store = await openStore(values);
    const chosen = await choose(store, words[0]);
    assertUnlocked(store, await locksOf(store), values.unlock === true);
    const told = `${chosen.name} of ${chosen.time.toISOString().slice(0, 19)}Z`;
    if (values["dry-run"] === true) {
      console.log(`would put ${told} in the place of the present state`);
      return 0;
    }
    if (!(await confirm(`Put ${told} in the place of the state of stack ${store.name}?`, values.yes === true)))
      return 1;
    const before = await presentState(store);
    const kept = await keepState(store);
    const key = `.pulumi/stacks/${store.project}/${store.name}${chosen.name.slice(chosen.name.indexOf(".json"))}`;
    await store.bucket.write(key, chosen.bytes);
    if (before !== undefined && before.key !== key) await store.bucket.remove(before.key);
    const { deployment } = await exported(store);
    console.log(`restored ${told}: ${(deployment.resources ?? []).length} resources`);
    if (kept !== undefined) console.log(`what was there before is kept as ${kept}`);
    console.log(`next: npx pulumi preview --stack ${store.name}, which tells what differs from the program`);
    return 0;
  },
};

/** The backup that is named, else the newest that is whole. @throws UsageError if there is none */
async function choose(store: Store, wanted: string | undefined): Promise<KeptState> {
  const none = `${store.url} has no backup${wanted === undefined ? "" : ` ${wanted}`} of stack ${store.name}; state backups lists them`;
  if (wanted === undefined) {
    const newest = await newestWhole(store);
    if (newest === undefined) throw new UsageError(none);
    return newest;
  }
  const named = (await backupsOf(store)).find(({ name }) => name === wanted);
  const bytes = named === undefined ? undefined : await store.bucket.read(named.key);
  if (named === undefined || bytes === undefined) throw new UsageError(none);
  if (!isWhole(named.name, bytes)) throw new UsageError(`${wanted} is no whole state: nothing was done`);
  return { ...named, bytes };
}
