/** Runs `npm run ops -- packit ...` as one calls it. */
import { type ChildProcess, spawn } from "node:child_process";
import { projectDir } from "../../../config/stackFile.ts";
import type { OpsOutcome } from "../../../lab/harness/system.ts";

/** Starts a command; `outcome` is how it ends, `heard` what it has said so far. */
export function start(words: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, ["cli/orrery.ts", "packit", ...words], {
    cwd: projectDir,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  const outcome = new Promise<OpsOutcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, ...said });
    });
  });
  return { child, outcome, heard: () => said.stdout + said.stderr };
}

/** A command at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<OpsOutcome>;
  readonly heard: () => string;
}

/** Runs a command to its end. */
export function ops(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<OpsOutcome> {
  return start(words, env).outcome;
}
