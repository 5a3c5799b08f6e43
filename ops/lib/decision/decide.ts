/**
 * The one way in which a command changes a stack's file, protections and clouds together. A journal says what is open until all of
 * it is done; a "no", a failure or a signal undoes it, and after kill -9 the next command does (before.ts).
 */
import { randomBytes } from "node:crypto";
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { decisionVariable } from "../../../config/openDecision.ts";
import { replaceFiles } from "../../../config/replaceFile.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { endingSignals } from "../../../cli/interrupt.ts";
import { notStarted, pulumiProgram } from "../pulumi.ts";
import { resources } from "../resources.ts";
import type { FileChange, SystemStack } from "../stack.ts";
import { enginesOf, setProtection, updateMessage } from "./engine.ts";
import { thisProcess } from "./holder.ts";
import { createJournal, digest, type Journal, keepCopy, removeJournal, updateJournal } from "./journal.ts";
import { matching, settle } from "./settle.ts";

/** What a command does within its decision. */
export interface Decision {
  /** Identifies the decision in what it leaves behind. */
  readonly id: string;
  /** Aborted when a signal stops the work, which ends soon then. */
  readonly signal: AbortSignal;
  /** Replaces the stack's file. */
  change(change: FileChange): void;
  /** Lifts protections in the state; those that the update leaves come back unless it succeeds. */
  lift(urns: readonly string[]): Promise<void>;
  /** Runs the engine in the foreground. @returns its exit code */
  run(verb: "up" | "destroy", yes: boolean, words?: readonly string[]): Promise<number>;
  /** Writes down what is about to be done in another way. */
  note(more: Pick<Journal, "secrets">): void;
  /** Lets work come to its end when a signal arrives; nothing else is begun then. */
  shield<T>(work: () => Promise<T>): Promise<T>;
}

/** What a decision is about. */
export type About = Pick<Journal, "command" | "task"> & {
  /** Pattern of URNs: once the update has made one of them again, the new settings stay although it failed. */
  readonly pivot?: string;
};

/**
 * Does the work as one decision.
 * @param work - returns the exit code; 0 keeps what it did, all else undoes it
 * @throws what the work throws, after everything is as it was
 */
export async function decide(
  stack: DecidedStack,
  { pivot, ...about }: About,
  work: (decision: Decision) => Promise<number>,
): Promise<number> {
  const ids = pivot === undefined ? undefined : { urns: pivot, ids: matching(await resources(stack.name), pivot) };
  const held = heldOf(stack, { ...about, ...(ids === undefined ? {} : { pivot: ids }) });
  return carryOut([held], about.command, () => work(held));
}

/**
 * The same for files of several stacks that change together: each has a journal, and what undoes one undoes all.
 * @param work - is given a decision for each stack, in their order
 */
export function decideTogether(
  stacks: readonly DecidedStack[],
  about: Omit<About, "pivot" | "task">,
  work: (decisions: readonly Decision[]) => Promise<number>,
): Promise<number> {
  const held = stacks.map((stack) => heldOf(stack, about));
  return carryOut(held, about.command, () => work(held));
}

type DecidedStack = Pick<SystemStack<unknown>, "name" | "file">;

function heldOf({ name, file }: DecidedStack, about: Pick<Journal, "command" | "task" | "pivot">): Held {
  return new Held({
    ...about,
    ...{ id: randomBytes(6).toString("hex"), stack: name, file, began: new Date().toISOString() },
    ...{ holder: thisProcess(), engine: false, lifted: [] },
  });
}

async function carryOut(all: readonly Held[], command: string, work: () => Promise<number>): Promise<number> {
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined); // nobody may be waiting for it
  let signal: NodeJS.Signals | undefined;
  const stop = (got: NodeJS.Signals): void => {
    signal = got;
    const ends = all.map((held) => held.stop(got));
    if (!ends.includes(true)) stopped.reject(new Error(`${command} was stopped by ${got}`));
  };
  for (const one of endingSignals) process.on(one, stop);
  try {
    createJournals(all);
    const working = Promise.resolve().then(work); // also what it throws at once is undone
    const outcome = await Promise.race([working, stopped.promise]).then(
      (code) => ({ code, error: undefined }),
      (error: unknown) => ({ code: 1, error: error instanceof Error ? error : new Error(String(error)) }),
    );
    for (const held of all) held.end();
    if (outcome.error === undefined && outcome.code === 0) {
      for (const { journal } of all) removeJournal(journal);
      return 0;
    }
    // What the work still runs must not meet what undoes it; its own clean-up happens now.
    await settledWithin(working, 5000);
    await undoAll(all);
    if (signal !== undefined) process.exit(128 + constants.signals[signal]);
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.code;
  } finally {
    for (const one of endingSignals) process.off(one, stop);
  }
}

/** @throws if a stack has one already; then none of the others has one either */
function createJournals(all: readonly Held[]): void {
  const made: Journal[] = [];
  try {
    for (const { journal } of all) {
      createJournal(journal);
      made.push(journal);
    }
  } catch (error) {
    for (const journal of made) removeJournal(journal);
    throw error;
  }
}

/** @throws the first error, when everything that can be undone is */
async function undoAll(all: readonly Held[]): Promise<void> {
  const errors: unknown[] = [];
  for (const { journal, crashed, succeeded } of all)
    await undo(journal, !crashed && !succeeded).catch((error: unknown) => {
      errors.push(error);
    });
  if (errors.length > 0) throw errors[0];
}

/** Waits until work has ended in any way, at most so many milliseconds. */
async function settledWithin(work: Promise<unknown>, most: number): Promise<void> {
  const ended = new AbortController();
  const limit = sleep(most, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  ended.abort();
}

async function undo(journal: Journal, failed: boolean): Promise<void> {
  const { command, stack } = journal;
  try {
    console.error(`orrery: ${command} was not carried out: ${await settle(journal, failed)}`);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${command} was not carried out, and is not undone: ${said}; ${later(stack)}`, { cause: error });
  }
}

/** What a person does about a decision that cannot be settled now. */
export const later = (stack: string): string =>
  `when that is solved, run npx orrery decision --stack ${stack}; until then nothing else changes the stack`;

/** An open decision; its journal is always one step ahead of what is done. */
class Held implements Decision {
  journal: Journal;
  /** Whether the engine was killed, so that the history does not have its update. */
  crashed = false;
  /** Whether an update of it has succeeded, after which something else failed. */
  succeeded = false;
  private readonly abort = new AbortController();
  private engine: ChildProcess | undefined;
  private shielded = false;
  private stopped = false;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  get id(): string {
    return this.journal.id;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  note(more: Partial<Journal>): void {
    if (this.stopped) throw new Error(`${this.journal.command} was stopped`);
    this.journal = { ...this.journal, ...more };
    updateJournal(this.journal);
  }

  change({ before, text }: FileChange): void {
    const { file, texts } = this.journal;
    if (texts === undefined) keepCopy(this.journal);
    this.note({ texts: { before: texts?.before ?? digest(before), after: [...(texts?.after ?? []), digest(text)] } });
    replaceFiles([{ file, before, text }]);
  }

  async lift(urns: readonly string[]): Promise<void> {
    this.note({ lifted: [...this.journal.lifted, ...urns] });
    await this.shield(() => setProtection(this.journal, "unprotect", urns));
  }

  async shield<T>(work: () => Promise<T>): Promise<T> {
    this.shielded = true;
    try {
      return await work();
    } finally {
      this.shielded = false;
    }
  }

  run(verb: "up" | "destroy", yes: boolean, words: readonly string[] = []): Promise<number> {
    this.note({ engine: true });
    const { id, stack, file } = this.journal;
    const args = [verb, "--stack", stack, "--config-file", file, "--message", updateMessage(this.journal)];
    const engine = spawn(pulumiProgram, [...args, ...(yes ? ["--yes"] : []), ...words], {
      cwd: projectDir,
      stdio: "inherit",
      env: { ...process.env, [decisionVariable]: id },
    });
    this.engine = engine;
    return new Promise((resolve, reject) => {
      engine.on("error", (error) => {
        reject(notStarted(error));
      });
      engine.on("exit", (code) => {
        this.crashed = code === null || (code > 128 && code < 193);
        this.succeeded ||= code === 0;
        void this.ended().then(() => {
          this.engine = undefined;
          resolve(code ?? 1);
        }, reject);
      });
    });
  }

  /** The CLI's wrapper ends at once with a signal, the engine only when what it is at is done. */
  private async ended(): Promise<void> {
    while ((this.stopped || this.crashed) && (await enginesOf(this.journal)).length > 0) await sleep(200);
  }

  /** Hands a signal to the engine, which ends its update in order. @returns whether something comes to its end first */
  stop(signal: NodeJS.Signals): boolean {
    this.stopped = true;
    // A terminal's Ctrl-C has reached it already, and a second one would not let it end in order.
    if (this.engine !== undefined && (signal !== "SIGINT" || !process.stdin.isTTY)) void this.interrupt();
    const ends = this.shielded || this.engine !== undefined;
    if (!ends) this.abort.abort();
    return ends;
  }

  private async interrupt(): Promise<void> {
    for (const pid of await enginesOf(this.journal)) {
      try {
        process.kill(pid, "SIGINT");
      } catch {
        // ended meanwhile
      }
    }
  }

  /** Whatever part of the work still goes on changes nothing any more. */
  end(): void {
    this.stopped = true;
  }
}
