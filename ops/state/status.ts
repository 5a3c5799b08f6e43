/** Tells where a stack's state is, and whether an update can begin. */
import type { Command } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { exported } from "./export.ts";
import { locksOf, lockText } from "./lock.ts";
import { backupsOf, newestWhole, openStore, presentState } from "./store.ts";

export const command: Command = {
  help: `Usage: npm run ops -- state status --stack S [--json]

Tells the backend, the state in it, who holds its lock, what an interrupted update left undone, and the newest backup. Nothing is changed.
Exit code 1 when "state recover" has something to do.

${stackHelp}
  --json             {"backend", "resources", "changed", "pending", "locks", "backups", "newest", "kept"}`,
  options: { ...stackOptions, json: { type: "boolean" } },
  async run({ values }) {
    const store = await openStore(values);
    const { deployment } = await exported(store);
    const [locks, backups, present, newest] = await Promise.all([
      locksOf(store),
      backupsOf(store),
      presentState(store),
      newestWhole(store),
    ]);
    const kept = newest !== undefined && present !== undefined && newest.bytes.equals(present.bytes);
    const pending = (deployment.pending_operations ?? []).map(({ type, resource }) => `${type} ${resource.urn}`);
    const resources = (deployment.resources ?? []).length;
    const changed = deployment.manifest?.time;
    if (values.json === true) {
      const told = { backend: store.url, resources, changed, pending, locks, backups: backups.length };
      console.log(JSON.stringify({ ...told, newest: newest?.name, kept }, undefined, 2));
    } else {
      console.log(`backend   ${store.url}`);
      console.log(
        `state     ${resources} resources${changed === undefined ? "" : `, last changed ${changed.slice(0, 19)}`}`,
      );
      for (const operation of pending) console.log(`undone    ${operation}`);
      console.log(`lock      ${locks.length === 0 ? "none" : locks.map(lockText).join("; ")}`);
      const state = kept ? "the present state" : "older than the present state: npm run ops -- state backup keeps it";
      console.log(`backups   ${backups.length}${newest === undefined ? "" : `, newest ${newest.name}: ${state}`}`);
    }
    return pending.length > 0 || locks.some(({ holder }) => holder === "ended") ? 1 : 0;
  },
};
