/** Brings a stack whose update was killed back to where the next update can go on. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, texts, UsageError, type Values } from "../command.ts";
import { stackHelp, stackOptions } from "../stack.ts";
import { checkPassphrase, cli, type Deployment, exported, type PendingOperation } from "./export.ts";
import { endAll, leftovers } from "./leftovers.ts";
import { creations, lookAtAll } from "./look.ts";
import { componentsAbove, failingSince, historyOf, maybeMade, plannedSteps } from "./lost.ts";
import { type Lock, locksOf, lockText, refuseHeld, unlockStack } from "./lock.ts";
import { keepState, lastLine, openStore, type Store } from "./store.ts";
import { type Answers, resolved, type Verdict } from "./verdict.ts";

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
    refuseHeld(store, locks, values.unlock === true);
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
    refuseOpen(verdicts, "nothing was changed");
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
    refuseOpen(lost, "the state is mended but for them");
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

/** What is looked for after the state was mended. */
interface Search {
  /** When the first of the failed updates began, or the state was written. */
  readonly since: Date;
  readonly answers: Answers;
  /** What was judged before. */
  readonly interrupted: readonly PendingOperation[];
  readonly values: Values;
  readonly say: (line: string) => void;
}

/** Takes into the state what failed creations made. @returns what was found, of which what is open was left alone */
async function takeLost(
  store: Store,
  { since, answers, interrupted, values, say }: Search,
): Promise<readonly Verdict[]> {
  const { version, deployment } = await exported(store);
  const steps = await plannedSteps(store);
  const pending = maybeMade(steps);
  checkAnswers(answers, [...interrupted, ...pending]);
  const verdicts = await lookAtAll({ ...deployment, pending_operations: pending }, since, answers, values);
  const found = verdicts.filter(({ does }) => does !== "clear");
  for (const verdict of found) say(verdictText(verdict));
  if (found.some(({ does }) => does === "take")) {
    const taken = pending.filter(({ resource }) =>
      found.some(({ urn, does }) => urn === resource.urn && does === "take"),
    );
    const above = componentsAbove(steps, taken.map(({ resource }) => resource)); // prettier-ignore
    const resources = [...(deployment.resources ?? []), ...above];
    const mended = resolved({ ...deployment, resources, pending_operations: pending }, found);
    await importState(store, { version, deployment: mended });
    await refresh(store);
  }
  return found;
}

const isOpen = ({ does }: Verdict): boolean => does === "ask";

/** @throws if a person must decide */
function refuseOpen(verdicts: readonly Verdict[], done: string): void {
  const open = verdicts.filter(isOpen);
  const first = open[0]?.urn;
  if (first === undefined) return;
  throw new Error(
    `${open.length} of them must be decided by you, ${done}: --take '${first}=ID' if it was made, else --clear '${first}'`,
  );
}

/** @throws UsageError for an answer to what nobody asked */
function checkAnswers({ take, clear }: Answers, all: readonly PendingOperation[]): void {
  const asked = new Set(all.map(({ resource }) => resource.urn));
  const wrong = [...take.keys(), ...clear].find((urn) => !asked.has(urn));
  if (wrong !== undefined)
    throw new UsageError(`no creation of ${wrong} was interrupted; --dry-run lists those that were`);
}

/** When the interrupted update began, as its lock tells; unknown once somebody has taken the lock away. */
function began(locks: readonly Lock[]): Date | undefined {
  const [first] = locks.map(({ timestamp }) => new Date(timestamp)).sort((a, b) => a.getTime() - b.getTime());
  return first;
}

function verdictText({ urn, why, ...verdict }: Verdict): string {
  const title = `${urn.split("::").at(-2)?.split(":").at(-1) ?? ""} ${urn.split("::").at(-1) ?? ""}`;
  if (verdict.does === "take") return `take in   ${title} = ${verdict.id}: ${why}`;
  return verdict.does === "clear" ? `forget    ${title}: ${why}` : `UNCLEAR   ${urn}: ${why}`;
}

/**
 * The engine's own way for a creation that was completed (refresh --import-pending-creates) forgets the thing in 3.256: it
 * neither stays pending nor comes into the state. So the edited state is imported, which checks it.
 */
async function importState(store: Store, state: { version: number; deployment: Deployment }): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-state-"));
  try {
    const file = path.join(folder, "state.json");
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    const { status, stderr } = await cli(store, ["stack", "import", "--file", file]);
    if (status !== 0) throw new Error(`the engine refuses the mended state: ${lastLine(stderr)}; nothing is lost`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function refresh(store: Store): Promise<void> {
  const words = ["refresh", "--yes", "--skip-preview", "--suppress-progress", "--config-file", store.file];
  const { status, stdout, stderr } = await cli(store, words);
  if (status === 0) return;
  const complaint = /error: +(.*)/.exec(`${stdout}\n${stderr}`)?.[1] ?? lastLine(stderr);
  const [, server, power] = /Invalid power_state for instance (\S+): (\w+)/.exec(complaint) ?? [];
  const wait = power === "VERIFY_RESIZE" ? `openstack server resize confirm ${server ?? ""}` : "wait for its end";
  const next = server === undefined ? `npx pulumi refresh --stack ${store.name}` : `${wait}, then run this again`;
  throw new Error(`the state is mended, but could not be refreshed (${complaint.trim()}); next: ${next}`);
}
