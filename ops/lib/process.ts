/** Runs other programs; says which one is missing or fails. */
import { spawn } from "node:child_process";

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Variables in addition to this process's own. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Its standard input. @default nothing */
  readonly input?: string | Buffer;
  /** Whether it goes on when Ctrl-C is pressed on this terminal. @default false */
  readonly detached?: boolean;
}

/** How a program ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws if it cannot be started */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { cwd, detached } = options;
    const child = spawn(program, args, { cwd, detached, env: { ...process.env, ...options.env } });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error(`${program} is not installed`) : error);
    });
    child.on("close", (code) => {
      resolve({
        status: code ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    child.stdin.on("error", () => undefined); // a program that ends without reading its input; its exit code says why
    child.stdin.end(options.input);
  });
}

/** What a program prints. @throws with the last line of its error */
export async function output(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status !== 0) {
    const complaint = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(`${program} ${args[0] ?? ""} failed: ${complaint === "" ? `exit code ${status}` : complaint}`);
  }
  return stdout;
}

/** Runs a program in the foreground, on this terminal. @returns its exit code @throws if it cannot be started */
export function foreground([program = "true", ...args]: readonly string[], cwd?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: "inherit" });
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error(`${program} is not installed`) : error);
    });
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}
