/** `orrery state status`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { groupOptions } from "../../lib/stack.ts";
import { exported } from "../../lib/state/export.ts";
import { locksOf, lockText } from "../../lib/state/lock.ts";
import { backupsOf, newestComplete, openStore, presentState } from "../../lib/state/store.ts";

export const command = defineCommand({
  about: `Shows where a stack's state is, and whether an update can begin. Prints the backend, the state in it, who holds its
lock, the operations that an interrupted update left pending, and the newest backup. Changes nothing. Exit code 1 if "state
recover" is needed.`,
  groups: { without: ["config-file"] },
  options: { ...groupOptions, ...jsonOption },
  async run(values) {
    const store = await openStore(values);
    const { deployment } = await exported(store);
    const [locks, backups, present, newest] = await Promise.all([
      locksOf(store),
      backupsOf(store),
      presentState(store),
      newestComplete(store),
    ]);
    const kept = newest !== undefined && present !== undefined && newest.bytes.equals(present.bytes);
    const pending = (deployment.pending_operations ?? []).map(({ type, resource }) => `${type} ${resource.urn}`);
    const resources = (deployment.resources ?? []).length;
    const changed = deployment.manifest?.time;
    if (values.json) {
      const report = { backend: store.url, resources, changed, pending, locks, backups: backups.length };
      console.log(JSON.stringify({ ...report, newest: newest?.name, kept }, undefined, 2));
    } else {
      console.log(`backend   ${store.url}`);
      console.log(
        `state     ${resources} resources${changed === undefined ? "" : `, last changed ${changed.slice(0, 19)}`}`,
      );
      for (const operation of pending) console.log(`pending   ${operation}`);
      console.log(`lock      ${locks.length === 0 ? "none" : locks.map(lockText).join("; ")}`);
      const state = kept ? "the present state" : "older than the present state; npx orrery state backup saves that";
      console.log(`backups   ${backups.length}${newest === undefined ? "" : `, newest ${newest.name}: ${state}`}`);
    }
    return pending.length > 0 || locks.some(({ holder }) => holder === "ended") ? 1 : 0;
  },
});
