/** Folders for what may be on the disk only while a command runs: keys, kubeconfigs, drafts with secrets. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { endingSignals } from "./interrupt.ts";

const prefix = (): string => `orrery-${process.pid}-`;

/** Does something with a folder that only this user reads (mode 0700), and that is gone afterwards. */
export async function withPassingFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), prefix()));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets no signal leave this process's folders behind. A command that ends in order has the first word. */
export function removePassingFoldersAtTheEnd(): void {
  process.on("exit", () => {
    for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix())))
      rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  });
  for (const signal of endingSignals) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
