/** Runs a suite's program and reads its output line by line. */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { childEnvironment } from "../config/childEnvironment.ts";
import { endsWithUs, endTree } from "../lab/process.ts";
import type { Control } from "./suite.ts";

/** How a program is run. */
export interface Program {
  readonly command: readonly [program: string, ...args: string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** File that its whole output is added to. */
  readonly log: string;
}

/** Runs a program, and gives each line of its output to `read`. @returns its exit code */
export async function follow(program: Program, read: (line: string) => void, control: Control): Promise<number> {
  mkdirSync(path.dirname(program.log), { recursive: true });
  const [name, ...args] = program.command;
  const log = createWriteStream(program.log, { flags: "a", mode: 0o600 });
  const child = spawn(...endsWithUs(name, args), {
    cwd: program.cwd,
    env: childEnvironment(name, program.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = (): void => {
    if (child.pid !== undefined) void endTree(child.pid);
  };
  control.stop.addEventListener("abort", end);
  const lines = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      log.write(`${line}\n`);
      read(line);
    }
  });
  try {
    const [code] = await Promise.all([control.child(child), ...lines]);
    return code;
  } finally {
    control.stop.removeEventListener("abort", end);
    log.end();
  }
}
