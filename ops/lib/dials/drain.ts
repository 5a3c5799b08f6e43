/** Empties Celery workers before they are replaced, so that no task is cut off; puts them back to work if that fails. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Flower, WorkerState } from "./flower.ts";

/** What {@link drained} needs. */
export interface DrainArgs {
  readonly flower: Flower;
  /** Names of the workers, `<queue>@<pod>`. */
  readonly workers: readonly string[];
  /** Seconds that the tasks get to end. */
  readonly deadline: number;
  /** Seconds between two looks. */
  readonly poll: number;
  readonly log: (line: string) => void;
  /** Ends the waiting, as on Ctrl-C. */
  readonly signal: AbortSignal;
  /** The workers that are still there afterwards and are to go on; asked once `work` is over, however it ended. */
  survivors(workers: readonly string[]): Promise<readonly string[]>;
}

/** The tasks did not end in time. */
export class DrainTimeout extends Error {}

/**
 * Takes the workers off their queues, waits until they have nothing left, does the work, and puts those that are still
 * there back on their queues. Tasks that nobody has taken stay in the broker all the while.
 * @throws DrainTimeout when the deadline passes; then nothing was done and every worker goes on
 * @throws naming the workers that could not be put back, whatever else went wrong
 */
export async function drained(args: DrainArgs, work: () => Promise<void>): Promise<void> {
  const { flower, workers, log } = args;
  const queues = new Map<string, readonly string[]>();
  for (const worker of workers) {
    const state = await flower.state(worker);
    if (state === undefined) throw new Error(`Flower does not know the worker ${worker}; nothing was changed`);
    queues.set(worker, state.queues);
  }
  let [replaced, failure]: [boolean, Error | undefined] = [false, undefined];
  try {
    for (const [worker, names] of queues) {
      for (const queue of names) await flower.cancelConsumer(worker, queue);
      log(`${worker}: takes no further task`);
    }
    await Promise.all(workers.map((worker) => untilIdle(worker, args)));
    replaced = true;
    await work();
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  // Where nobody says which ones are still there, it is tried with all.
  const left = replaced ? await args.survivors(workers).catch(() => workers) : workers;
  const lost = await resume(flower, new Map([...queues].filter(([worker]) => left.includes(worker))), log);
  if (lost.length > 0) {
    const what = failure === undefined ? "" : `${replaced ? "the work failed" : "nothing was rolled out"}, and `;
    throw new Error(`${what}these workers take no tasks, restart them: ${lost.join(", ")}`, { cause: failure });
  }
  if (failure !== undefined) throw failure;
}

/** Waits until a worker has answered twice in a row that it has no queue and no task. */
async function untilIdle(worker: string, { flower, deadline, poll, log, signal }: DrainArgs): Promise<void> {
  const end = Date.now() + deadline * 1000;
  let [idle, seen, logged] = [0, 0, ""];
  for (;;) {
    const state = await flower.state(worker);
    if (state === undefined) throw new Error(`Flower has lost sight of the worker ${worker}`);
    // Flower repeats the last answer of a worker that is too busy to answer in time; that says nothing new.
    if (state.seen > seen) idle = isIdle(state) ? idle + 1 : 0;
    seen = state.seen;
    if (idle >= 2) break;
    const line = `${worker}: ${inWords(state)}`;
    if (line !== logged) log(line);
    logged = line;
    if (Date.now() > end) {
      throw new DrainTimeout(
        `${worker} still has ${inWords(state)} after ${deadline} s; nothing was rolled out and it takes tasks again: give it more time by --deadline`,
      );
    }
    await sleep(poll * 1000, undefined, { signal }).catch(() => {
      throw new Error("interrupted; nothing was rolled out and the workers take tasks again");
    });
  }
  log(`${worker}: has nothing left`);
}

function isIdle({ queues, active, reserved, scheduled }: WorkerState): boolean {
  return [queues, active, reserved, scheduled].every((list) => list.length === 0);
}

function inWords({ active, reserved, scheduled }: WorkerState): string {
  return `${active.length} running, ${reserved.length} waiting and ${scheduled.length} postponed task(s)`;
}

/** Puts workers back on their queues; one that is beyond that does not keep the others from it. @returns those that are */
async function resume(
  flower: Flower,
  queues: ReadonlyMap<string, readonly string[]>,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const lost = new Set<string>();
  for (const [worker, names] of queues) {
    for (const queue of names) {
      try {
        await flower.addConsumer(worker, queue);
        log(`${worker}: takes tasks from ${queue} again`);
      } catch (error) {
        lost.add(worker);
        log(`${worker}: could not be put back on ${queue}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return [...lost];
}
