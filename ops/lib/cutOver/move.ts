/** The steps of a cut-over. Each may be interrupted anywhere and repeated; the old and the new cluster never act at once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Manifest } from "../../../policy/manifest.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { DatabaseMove } from "./databases.ts";
import { type CutOverJournal, type Step, steps, type Was } from "./journal.ts";
import { acceptsDatabase, declaredTitles, isMoved, namespacesOf } from "./plan.ts";
import { busy, isOn, restore, stop, surveyRunning, workloadsOf } from "./workloads.ts";

/** Everything that a cut-over talks to. */
export interface Parties {
  readonly old: Kubectl;
  readonly fresh: Kubectl;
  /** What the stack declares in the new cluster. */
  readonly declared: readonly Manifest[];
  readonly moves: readonly DatabaseMove[];
  /** Writes texts of the old cluster's Secrets into the stack's file. @returns what was found, without texts @throws if one is malformed */
  readonly importSecrets: (dryRun: boolean) => Promise<readonly string[]>;
  /** Writes whether the new cluster is paused into the stack's file, and runs the engine. @returns its exit code */
  readonly deploy: (paused: boolean) => Promise<number>;
  /** What does not work in the new cluster, a line each. */
  readonly unwell: () => Promise<readonly string[]>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Seconds that pods may take to end and to start. */
  readonly patience: number;
}

const titles: Readonly<Record<Step, string>> = {
  secrets: "secrets of the old cluster into the stack's file",
  deploy: "pulumi up: the new cluster, paused",
  stop: "the old cluster stops, but for its databases",
  data: "data",
  start: "pulumi up: the new cluster starts",
  status: "does it work?",
};

const again = "when that is solved, run the same command again";

/** Does what is left to do. @throws with what to do; then nothing acts twice, and the same command goes on */
export async function moveOver(parties: Parties, journal: CutOverJournal): Promise<void> {
  for (const step of steps.filter((one) => !journal.now.done.includes(one))) {
    parties.signal.throwIfAborted();
    parties.say(`${steps.indexOf(step) + 1}/${steps.length} ${titles[step]}`);
    journal.begin(step);
    await work[step](parties, journal);
    journal.finish(step);
  }
}

const work: Readonly<Record<Step, (parties: Parties, journal: CutOverJournal) => Promise<void>>> = {
  async secrets({ importSecrets, say }) {
    for (const line of await importSecrets(false)) say(`  ${line}`);
  },

  async deploy(parties, journal) {
    if ((await parties.deploy(true)) !== 0) throw new Error(`pulumi up failed; the old cluster is as it was; ${again}`);
    await isPaused(parties, journal);
    for (const move of copied(parties, journal)) {
      const rows = await move.prepare();
      if (rows > 0 && !isAccepted(journal, `${move.title} in the new cluster`))
        throw new Error(
          `${move.title} of the new cluster has ${rows} rows already, which the copy would replace; nothing was stopped: ` +
            `if they may go, run this again with --accept '${move.title} in the new cluster'`,
        );
    }
  },

  async stop(parties, journal) {
    const later = new Set(copied(parties, journal).map(({ from }) => from?.title));
    await stopOld(parties, journal, (title) => !later.has(title));
  },

  async data(parties, journal) {
    const moves = copied(parties, journal);
    const servers = new Set(moves.map(({ from }) => from?.title ?? ""));
    // Nobody writes into what is replaced, also if an earlier attempt got as far as the start.
    await isPaused(parties, journal);
    // An earlier attempt may have stopped them already.
    await startOld(
      parties,
      journal.now.was.filter(({ title }) => servers.has(title)),
    );
    for (const move of moves) {
      parties.signal.throwIfAborted();
      await move.copy((line) => {
        parties.say(`  ${line}`);
      });
    }
    await stopOld(parties, journal, (title) => servers.has(title));
  },

  async start(parties, journal) {
    const acting = await actingInOld(parties, journal);
    if (acting.length > 0 && journal.now.started)
      throw new Error(
        `the old cluster acts again, and the new one may act, too: ${acting.join("; ")}; stop these there by hand (what they wrote stays there), then run the same command again, or with --undo`,
      );
    if (acting.length > 0) {
      journal.reopen("stop", "data");
      throw new Error(
        `the old cluster acts again: ${acting.join("; ")}; the new one was not started: stop what starts them there (Argo CD, an operator), then run the same command again`,
      );
    }
    journal.note({ started: true });
    if ((await parties.deploy(false)) !== 0)
      throw new Error(`pulumi up failed; the old cluster stays stopped; ${again}, or with --undo`);
  },

  async status(parties, journal) {
    const { unwell, patience, signal } = parties;
    const acting = await actingInOld(parties, journal);
    if (acting.length > 0)
      throw new Error(
        `both clusters act: the old one has ${acting.join("; ")}; stop these there, and what starts them (Argo CD, an operator); ${again}, or with --undo`,
      );
    const wrong = await within(patience, signal, unwell);
    if (wrong.length > 0)
      throw new Error(`the new cluster does not work yet: ${wrong.join("; ")}; ${again}, or with --undo`);
  },
};

/** Starts the old cluster again, exactly as the journal says, once the new one does not act any more. */
export async function moveBack(parties: Parties, journal: CutOverJournal): Promise<void> {
  journal.note({ undoing: true });
  const { was } = journal.now;
  if (await mayAct(parties, journal)) {
    parties.say("1/2 pulumi up: the new cluster is paused");
    if ((await parties.deploy(true)) !== 0)
      throw new Error(`pulumi up failed; the old cluster was not started; ${again}`);
    await isPaused(parties, journal);
  }
  parties.say("2/2 the old cluster starts");
  const servers = new Set(parties.moves.map(({ from }) => from?.title));
  await startOld(
    parties,
    was.filter(({ title }) => servers.has(title)),
  );
  // What makes work starts last.
  for (const one of was.toSorted((a, b) => Number(a.suspend !== undefined) - Number(b.suspend !== undefined))) {
    parties.signal.throwIfAborted();
    await restore(parties.old, one);
  }
  journal.remove();
}

/** Whether something of the new cluster may act: it was started, or somebody did that by hand. */
async function mayAct(parties: Parties, { now: { begun, keep } }: CutOverJournal): Promise<boolean> {
  if (begun.includes("start")) return true;
  if (!begun.includes("deploy")) return false;
  try {
    return (await actingInNew(parties, keep)).length > 0;
  } catch (error) {
    // A new cluster that never was started must not stand in the way back.
    parties.say(`the new cluster does not answer; nothing was started there: ${String(error)}`);
    return false;
  }
}

/** Moves of which nobody said that the data may stay behind. */
const copied = ({ moves }: Parties, journal: CutOverJournal): readonly DatabaseMove[] =>
  moves.filter(({ title }) => !isAccepted(journal, title));

const isAccepted = ({ now }: CutOverJournal, title: string): boolean => acceptsDatabase(now.accept, title);

/** Stops what runs in the old cluster, and waits for the end of its pods and Jobs; what it had is written down before. */
async function stopOld(parties: Parties, journal: CutOverJournal, isAsked: (title: string) => boolean): Promise<void> {
  const { old, declared, signal } = parties;
  const moved = isMoved({ declared, keep: journal.now.keep });
  const counts = (title: string): boolean => moved(title) && isAsked(title);
  const running = workloadsOf(await surveyRunning(old, namespacesOf(declared))).filter(
    (one) => counts(one.title) && isOn(one),
  );
  journal.remember(running.map(noted));
  for (const one of running.toSorted((a, b) => Number(b.suspend !== undefined) - Number(a.suspend !== undefined))) {
    signal.throwIfAborted();
    await stop(old, one);
  }
  await isIdle(parties, old, "old", counts);
}

/** What the journal keeps of a workload. */
const noted = ({ title, resource, namespace, name, replicas, suspend }: Was): Was => ({
  ...{ title, resource, namespace, name },
  ...(replicas === undefined ? {} : { replicas }),
  ...(suspend === undefined ? {} : { suspend }),
});

/** Gives workloads of the old cluster what they had, and waits for their pods. */
async function startOld({ old, declared, patience, signal }: Parties, was: readonly Was[]): Promise<void> {
  if (was.length === 0) return;
  for (const one of was) await restore(old, one);
  const wrong = await within(patience, signal, async () => {
    const there = workloadsOf(await surveyRunning(old, namespacesOf(declared)));
    return was
      .filter(({ title, replicas = 0 }) => (there.find((one) => one.title === title)?.ready ?? 0) < replicas)
      .map(({ title, replicas = 0 }) => `${title} has not its ${replicas} pods`);
  });
  if (wrong.length > 0) throw new Error(`the old cluster: ${wrong.join("; ")}; ${again}`);
}

async function actingInOld({ old, declared }: Parties, journal: CutOverJournal): Promise<readonly string[]> {
  const counts = isMoved({ declared, keep: journal.now.keep });
  return busy(await surveyRunning(old, namespacesOf(declared)), counts);
}

/** What acts in the new cluster; databases only answer. */
export async function actingInNew(
  { fresh, declared, moves }: Pick<Parties, "fresh" | "declared" | "moves">,
  keep: readonly string[],
): Promise<readonly string[]> {
  return busy(await surveyRunning(fresh, namespacesOf(declared)), inNew({ declared, moves }, keep));
}

/** What must not act: declared workloads, and pods and Jobs that they made without a word about whose they are (Prow's, Argo's). */
function inNew(
  { declared, moves }: Pick<Parties, "declared" | "moves">,
  keep: readonly string[],
): (title: string) => boolean {
  const [own, servers] = [declaredTitles(declared), new Set(moves.flatMap(({ to }) => to))];
  const loose = isMoved({ declared, keep });
  return (title) => !servers.has(title) && (own.has(title) || (/^(Pod|Job|Workflow) /.test(title) && loose(title)));
}

const isPaused = (parties: Parties, { now: { keep } }: CutOverJournal): Promise<void> =>
  isIdle(parties, parties.fresh, "new", inNew(parties, keep));

async function isIdle(
  { declared, patience, signal }: Parties,
  cluster: Kubectl,
  name: "old" | "new",
  counts: (title: string) => boolean,
): Promise<void> {
  const wrong = await within(patience, signal, async () =>
    busy(await surveyRunning(cluster, namespacesOf(declared)), counts),
  );
  if (wrong.length > 0)
    throw new Error(
      `the ${name} cluster still acts: ${wrong.join("; ")}; let them end or delete them, then run the same command again`,
    );
}

/** Asks until there is nothing left to complain of, at most so many seconds. @returns what is left */
async function within(
  seconds: number,
  signal: AbortSignal,
  ask: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    const left = await ask();
    if (left.length === 0 || Date.now() >= end) return left;
    await sleep(2000, undefined, { signal });
  }
}
