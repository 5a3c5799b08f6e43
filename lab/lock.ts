/** Locks between processes of this machine. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Log } from "./component.ts";
import { endsWithUs } from "./process.ts";

/**
 * Takes a lock on a file, waiting for its holder. A child process holds it and ends when our end of a pipe closes, so the lock
 * never outlives us. @param busy what the holder is doing, for the log. @returns the function that releases it
 */
export async function lock(file: string, log: Log, busy: string): Promise<() => Promise<void>> {
  mkdirSync(path.dirname(file), { recursive: true });
  const attempt = (option: string[]): Promise<(() => Promise<void>) | undefined> =>
    new Promise((resolve, reject) => {
      // flock waits without looking at the pipe, so the kernel ends it if we end meanwhile.
      const holder = spawn(...endsWithUs("flock", [...option, file, "sh", "-c", "echo held; exec cat"]), {
        stdio: ["pipe", "pipe", "inherit"],
        detached: true, // Ctrl-C is for us; the holder ends with the pipe
      });
      const ended = new Promise<void>((done) => holder.once("close", done));
      holder.once("error", reject);
      holder.stdout.once("data", () => {
        resolve(async () => {
          holder.stdin.end();
          await ended;
        });
      });
      void ended.then(() => {
        resolve(undefined);
      });
    });
  let release = await attempt(["--nonblock"]);
  if (release === undefined) {
    log(`${busy} (${existsSync(file) ? readFileSync(file, "utf8").trim() : ""}); waiting for it`);
    release = await attempt([]);
  }
  if (release === undefined)
    throw new Error(`cannot lock ${file}; check that it is writable and that flock (util-linux) is installed`);
  writeFileSync(file, `process ${process.pid}\n`);
  return release;
}
