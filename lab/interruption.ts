/** Work that is undone however it ends: by itself, by an error, by Ctrl-C or by SIGTERM. */
import { type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Log } from "./component.ts";
import { endTree } from "./process.ts";

/** What interruptible work asks and reports. */
export interface Interruption {
  /** Whether a signal asked for the end: begin nothing more. */
  readonly requested: () => boolean;
  /** Waits for a child, one of any number, which is ended with all its descendants if a signal comes. @returns its exit code */
  readonly child: (child: ChildProcess) => Promise<number>;
}

/**
 * Runs `work`, then `cleanUp`, which no signal stops.
 * @returns what work returns, or 128 and the signal's number
 */
export async function interruptible(
  log: Log,
  work: (interruption: Interruption) => Promise<number>,
  cleanUp: () => Promise<void>,
): Promise<number> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let received: (typeof signals)[number] | undefined;
  const running = new Set<number>();
  const end = (signal: (typeof signals)[number]): void => {
    if (received !== undefined) return; // a terminal's Ctrl-C comes from the terminal and from npm
    received = signal;
    log(`${signal}: ending, and cleaning up`);
    for (const pid of running) void endTree(pid);
  };
  for (const signal of signals) process.on(signal, end);
  const child: Interruption["child"] = (started) =>
    new Promise((resolve, reject) => {
      const { pid } = started;
      if (pid !== undefined) running.add(pid);
      if (received !== undefined && pid !== undefined) void endTree(pid);
      started.on("error", reject);
      started.on("exit", (code) => {
        if (pid !== undefined) running.delete(pid);
        resolve(code ?? 1);
      });
    });
  try {
    const code = await work({ requested: () => received !== undefined, child });
    return received === undefined ? code : 128 + constants.signals[received];
  } finally {
    await cleanUp();
    for (const signal of signals) process.off(signal, end);
  }
}
