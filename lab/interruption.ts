/** Work that is undone however it ends: by itself, by an error, by Ctrl-C or by SIGTERM. */
import { type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Log } from "./component.ts";
import { endTree } from "./process.ts";

/** What interruptible work asks and reports. */
export interface Interruption {
  /** Whether a signal asked for the end: begin nothing more. */
  readonly requested: () => boolean;
  /** Waits for a child, which is ended with all its descendants if a signal comes. @returns its exit code */
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
  let running: number | undefined;
  const end = (signal: (typeof signals)[number]): void => {
    if (received !== undefined) return; // a terminal's Ctrl-C comes from the terminal and from npm
    received = signal;
    log(`${signal}: ending, and cleaning up`);
    if (running !== undefined) void endTree(running);
  };
  for (const signal of signals) process.on(signal, end);
  const child: Interruption["child"] = (started) =>
    new Promise((resolve, reject) => {
      running = started.pid;
      if (received !== undefined && running !== undefined) void endTree(running);
      started.on("error", reject);
      started.on("exit", (code) => {
        running = undefined;
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
