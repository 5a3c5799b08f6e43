/** A command on a terminal of its own, which it asks its questions on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { projectDir } from "../../config/stackFile.ts";

/** A command that asked for a yes. */
export interface Asking {
  /** All that it printed so far. */
  said(): string;
  /** Types the keys. @returns the exit code */
  type(keys: string): Promise<number>;
  /** Ends it, if it did not end. */
  kill(): void;
}

/** Starts `orrery ...` and waits until it asks. @throws with what it printed if it ends before, or does not ask within 30 s */
export async function untilItAsks(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Asking> {
  const command = [process.execPath, "cli/orrery.ts", ...words].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qefc", `exec ${command}`, "/dev/null"], {
    cwd: projectDir,
    env: { ...process.env, ...env },
  });
  const ended = once(child, "exit");
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  for (let tries = 0; !said.includes("[y/N]"); tries++) {
    if (tries === 600 || child.exitCode !== null) {
      child.kill("SIGKILL");
      throw new Error(`it did not ask: ${said}`);
    }
    await sleep(50);
  }
  return {
    said: () => said,
    async type(keys) {
      child.stdin.write(keys);
      return Number((await ended)[0]);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
