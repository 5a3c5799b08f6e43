/** Commands that a signal ends in order. */
import { constants } from "node:os";

/** Signals that end a command. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does something that leaves nothing behind when a signal ends the command.
 * @param work - gets a signal that aborts then; it stops soon after and removes what it made
 */
export async function interruptible<T>(work: (ending: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  let by: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    by ??= signal;
    ending.abort();
  };
  for (const signal of endingSignals) process.on(signal, end);
  try {
    return await work(ending.signal);
  } finally {
    for (const signal of endingSignals) process.off(signal, end);
    if (by !== undefined) {
      console.error(`orrery: ended by ${by}; its temporary files are removed`);
      process.exit(128 + constants.signals[by]);
    }
  }
}
