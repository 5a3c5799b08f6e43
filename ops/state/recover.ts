/** Brings a stack whose update was killed back to where the next update can go on. */
import { type Command, texts, UsageError, type Values } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { checkPassphrase, exported } from "./export.ts";
import { endAll, leftovers } from "./orphanPlugins.ts";
import { creations, lookAtAll } from "./look.ts";
import { failingSince, historyOf } from "./lost.ts";
import { type Lock, locksOf, lockText, assertUnlocked, unlockStack } from "./lock.ts";
import { importState, refresh } from "./mend.ts";
import { brokenServers, takeLost } from "./search.ts";
import { keepState, openStore } from "./store.ts";
import { type Answers, isOpen, resolved, type Verdict, verdictText } from "./verdict.ts";

export const command: Command = {
  help: `Usage: npm run ops -- state recover --stack S [--dry-run] [--unlock] [--take URN=ID]... [--clear URN]... [--json]

After an update that was killed (power, memory, a lost machine) or that failed while it made or changed something: refuses while the lock's
holder works; ends plugins that still work for a dead engine; looks in the clouds for what interrupted and failed creations made, and takes it
into the state; keeps the state as it was (state backups), takes the lock away, and refreshes. Nothing is made and nothing deleted: the
next pulumi up does the rest.

${stackHelp}
  --dry-run          only tell what would be done; plugins are not ended, so look again before you go on
  --unlock           take over a lock of another machine on which nothing runs any more
  --take URN=ID      this creation made that thing, e.g. one that cannot be told from others
  --clear URN        this creation made nothing
  --json             {"lock", "plugins", "pending": [{"urn", "does", "id", "why"}], "backup", "lost": [as pending]}`,
  options: {
    ...stackOptions,
    "dry-run": { type: "boolean" },
    unlock: { type: "boolean" },
    take: { type: "string", multiple: true },
    clear: { type: "string", multiple: true },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const dry = values["dry-run"] === true;
    const say = (line: string): void => {
      if (values.json !== true) console.log(line);
    };
    const answers = answersOf(values);
    const store = await openStore(values);
    checkPassphrase(store);
    const locks = await locksOf(store);
    assertUnlocked(store, locks, values.unlock === true);
    const plugins = await leftovers();
    for (const { pid, name } of plugins)
      say(`${dry ? "would end" : "end"} ${name} (process ${pid}): its engine is gone`);
    if (!dry) await endAll(plugins);

    const { version, deployment } = await exported(store);
    const failing = failingSince(await historyOf(store));
    const interrupted = creations(deployment.pending_operations);
    const verdicts = await lookAtAll(deployment, began(locks), answers, values);
    for (const verdict of verdicts) say(verdictText(verdict));
    const told = { lock: locks.map(lockText), plugins, pending: verdicts };
    if (values.json === true && verdicts.some(isOpen)) console.log(JSON.stringify(told, undefined, 2));
    assertResolved(verdicts, "nothing was changed");
    if (dry) {
      for (const lock of locks) say(`would take away the lock of ${lockText(lock)}`);
      say(`would keep the state of stack ${store.name}, and refresh it`);
      say("would then look for what failed creations made, and take that into the state");
      if (values.json === true) console.log(JSON.stringify(told, undefined, 2));
      return 0;
    }
    const backup = await keepState(store);
    say(`the state as it was is kept as ${backup ?? ""}`);
    if (locks.length > 0) await unlockStack(store);
    for (const lock of locks) say(`took away the lock of ${lockText(lock)}`);
    if ((deployment.pending_operations ?? []).length > 0) {
      await importState(store, { version, deployment: resolved(deployment, verdicts) });
    }
    await refresh(store);
    // A state that was restored knows nothing of what was made since it was written, and no history tells of it.
    const written = deployment.manifest?.time === undefined ? undefined : new Date(deployment.manifest.time);
    const times = [failing, began(locks), written].flatMap((time) => time?.getTime() ?? []);
    const since = new Date(Math.min(...times, Date.now()));
    const lost = await takeLost(store, { since, answers, interrupted, values, say });
    if (values.json === true) console.log(JSON.stringify({ ...told, backup, lost }, undefined, 2));
    assertResolved(lost, "the state is mended but for them");
    for (const server of brokenServers((await exported(store)).deployment))
      say(`server ${server} ended in ERROR and will not start: give it another rebuildToken`);
    say(`stack ${store.name} is as the clouds have it; next: npx pulumi up --stack ${store.name}`);
    return 0;
  },
};

function answersOf(values: Values): Answers {
  const take = texts(values, "take").map((given): [string, string] => {
    const [, urn = "", id] = /^(urn:pulumi:[^]*)=([^\s=]+)$/.exec(given) ?? [];
    if (id === undefined) throw new UsageError(`--take is "${given}"; give URN=ID`);
    return [urn, id];
  });
  return { take: new Map(take), clear: new Set(texts(values, "clear")) };
}

/** @throws if a person must decide */
function assertResolved(verdicts: readonly Verdict[], done: string): void {
  const open = verdicts.filter(isOpen);
  const first = open[0]?.urn;
  if (first === undefined) return;
  throw new Error(
    `${open.length} of them must be decided by you, ${done}: --take '${first}=ID' if it was made, else --clear '${first}'`,
  );
}

/** When the interrupted update began, as its lock tells; unknown once somebody has taken the lock away. */
function began(locks: readonly Lock[]): Date | undefined {
  const [first] = locks.map(({ timestamp }) => new Date(timestamp)).sort((a, b) => a.getTime() - b.getTime());
  return first;
}
