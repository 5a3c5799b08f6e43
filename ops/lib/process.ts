/** Runs other programs; says which one is missing, fails or does not end. */
import { spawn } from "node:child_process";
import { childEnvironment } from "../../config/childEnvironment.ts";

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Variables in addition to those that {@link childEnvironment} leaves it. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Its standard input. @default nothing */
  readonly input?: string | Buffer;
  /** Whether it goes on when Ctrl-C is pressed on this terminal. @default false */
  readonly detached?: boolean;
  /** Seconds that it may take. @default 600 */
  readonly timeout?: number;
  /** Ends it with all of its process group; it has no terminal then. */
  readonly signal?: AbortSignal;
  /** How it is ended then. @default SIGKILL */
  readonly endedBy?: NodeJS.Signals;
}

/** How a program ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws if it cannot be started, does not end in time, or `signal` has aborted before */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, env, input, timeout = 600, signal, endedBy = "SIGKILL" } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // Signals of the terminal reach this process alone then, which ends the whole group.
    const detached = signal !== undefined || options.detached === true;
    const child = spawn(program, args, { cwd, env: childEnvironment(program, env), detached });
    const end = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      if (detached) process.kill(-child.pid, endedBy);
      else child.kill();
    };
    signal?.addEventListener("abort", end, { once: true });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    const limit = setTimeout(() => {
      end();
      // Its own children may keep its output open.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new Error(`${program} ${args[0] ?? ""} did not end within ${timeout} s`));
    }, timeout * 1000);
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(error.code === "ENOENT" ? new Error(`${program} is not installed`) : error);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      signal?.removeEventListener("abort", end);
      resolve({
        status: code ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    child.stdin.on("error", () => undefined); // a program that ends without reading its input; its exit code says why
    child.stdin.end(input);
  });
}

/** The first word that is no option: kubectl's stand before it, each with its value. */
function verb(args: readonly string[]): readonly string[] {
  const first = args[0] ?? "";
  if (!first.startsWith("--")) return args.slice(0, 1);
  return verb(args.slice(first.includes("=") ? 1 : 2));
}

/** What a program prints. @throws with the last line of its error */
export async function output(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status !== 0) {
    const complaint = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(
      `${[program, ...verb(args)].join(" ")} failed: ${complaint === "" ? `exit code ${status}` : complaint}`,
    );
  }
  return stdout;
}

/**
 * Runs a command that somebody gave us in the foreground, on this terminal: with their whole environment, as `npx pulumi up` needs its passphrase.
 * @returns its exit code @throws if it cannot be started
 */
export function foreground([program = "true", ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { env: process.env, stdio: "inherit" } as const;
    const child = spawn(program, args, options);
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error(`${program} is not installed`) : error);
    });
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}
