/** `orrery state recover`. */
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption, unlockOption } from "../../lib/options.ts";
import { stackOptions } from "../../lib/stack.ts";
import { checkPassphrase, exported } from "../../lib/state/export.ts";
import { endAll, orphanPlugins } from "../../lib/state/recovery/plugins.ts";
import { creations, resolvePending } from "../../lib/state/recovery/pending.ts";
import { failingSince, historyOf } from "../../lib/state/recovery/orphaned.ts";
import { type Lock, locksOf, lockText, assertUnlocked, unlockStack } from "../../lib/state/lock.ts";
import { importState, refresh } from "../../lib/state/importState.ts";
import { brokenServers, importOrphaned } from "../../lib/state/recovery/search.ts";
import { saveState, openStore } from "../../lib/state/store.ts";
import {
  type Answers,
  isOpen,
  resolved,
  type Resolution,
  resolutionText,
} from "../../lib/state/recovery/resolution.ts";

const recoverOptions = {
  ...stackOptions,
  "dry-run": {
    type: "boolean",
    help: "only say what would be done; plugins keep running, so check again before you continue",
  },
  unlock: unlockOption,
  take: {
    type: "string",
    value: "URN=ID",
    multiple: true,
    help: "this creation made that resource, e.g. one of several candidates",
  },
  clear: { type: "string", value: "URN", multiple: true, help: "this creation made nothing" },
  ...jsonOption,
} as const satisfies OptionSpecs;

export const command = defineCommand({
  about: `Prepares a stack for its next update after one was killed or failed while it created something. It refuses while the lock's
holder is running; ends plugins that still work for a dead engine; searches the clouds for what interrupted and failed creations
made, and imports it into the state; saves the state as it was (state backups), removes the lock, and refreshes. It creates and
deletes no resources: the next pulumi up does the rest.

--json prints {"lock", "plugins", "pending": [{"urn", "does", "id", "why"}], "backup", "lost": [as pending]}.`,
  options: recoverOptions,
  async run(values) {
    const dry = values.dryRun;
    const say = (line: string): void => {
      if (!values.json) console.log(line);
    };
    const answers = answersOf(values);
    const store = await openStore(values);
    checkPassphrase(store);
    const locks = await locksOf(store);
    assertUnlocked(store, locks, values.unlock);
    const plugins = await orphanPlugins();
    for (const { pid, name } of plugins)
      say(`${dry ? "would end" : "end"} ${name} (process ${pid}): its engine is gone`);
    if (!dry) await endAll(plugins);

    const { version, deployment } = await exported(store);
    const failing = failingSince(await historyOf(store));
    const interrupted = creations(deployment.pending_operations);
    const resolutions = await resolvePending(deployment, began(locks), answers, values);
    for (const resolution of resolutions) say(resolutionText(resolution));
    const report = { lock: locks.map(lockText), plugins, pending: resolutions };
    if (values.json && resolutions.some(isOpen)) console.log(JSON.stringify(report, undefined, 2));
    assertResolved(resolutions, "nothing was changed");
    if (dry) {
      for (const lock of locks) say(`would remove the lock of ${lockText(lock)}`);
      say(`would save the state of stack ${store.name}, and refresh it`);
      say("would then search for what failed creations made, and import it into the state");
      if (values.json) console.log(JSON.stringify(report, undefined, 2));
      return 0;
    }
    const backup = await saveState(store);
    say(`the state as it was is saved as ${backup ?? ""}`);
    if (locks.length > 0) await unlockStack(store);
    for (const lock of locks) say(`removed the lock of ${lockText(lock)}`);
    if ((deployment.pending_operations ?? []).length > 0) {
      await importState(store, { version, deployment: resolved(deployment, resolutions) });
    }
    await refresh(store);
    // A restored state lacks what was created after it was written, and no history records that.
    const written = deployment.manifest?.time === undefined ? undefined : new Date(deployment.manifest.time);
    const times = [failing, began(locks), written].flatMap((time) => time?.getTime() ?? []);
    const since = new Date(Math.min(...times, Date.now()));
    const lost = await importOrphaned(store, { since, answers, interrupted, values, say });
    if (values.json) console.log(JSON.stringify({ ...report, backup, lost }, undefined, 2));
    assertResolved(lost, "the state is recovered except for them");
    for (const server of brokenServers((await exported(store)).deployment))
      say(
        `server ${server} ended in ERROR and will not start: give it another rebuildToken (npx orrery callysto rebuild)`,
      );
    say(`stack ${store.name} is as the clouds have it; next: npx pulumi up --stack ${store.name}`);
    return 0;
  },
});

function answersOf(values: Pick<ValuesOf<typeof recoverOptions>, "take" | "clear">): Answers {
  const take = values.take.map((given): [string, string] => {
    const [, urn = "", id] = /^(urn:pulumi:[^]*)=([^\s=]+)$/.exec(given) ?? [];
    if (id === undefined) throw new UsageError(`--take is "${given}"; give URN=ID`);
    return [urn, id];
  });
  return { take: new Map(take), clear: new Set(values.clear) };
}

/** @throws if a person must decide */
function assertResolved(resolutions: readonly Resolution[], done: string): void {
  const open = resolutions.filter(isOpen);
  const first = open[0]?.urn;
  if (first === undefined) return;
  throw new Error(
    `${open.length} operations need your decision, ${done}: --take '${first}=ID' if the resource was created, else --clear '${first}'`,
  );
}

/** When the interrupted update began, by its lock; unknown once the lock was removed. */
function began(locks: readonly Lock[]): Date | undefined {
  const [first] = locks.map(({ timestamp }) => new Date(timestamp)).sort((a, b) => a.getTime() - b.getTime());
  return first;
}
