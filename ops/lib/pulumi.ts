/** Runs the Pulumi CLI of this project on a stack. */
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { projectDir } from "../../config/stackFile.ts";
import type { SystemStack } from "./stack.ts";
import { withoutLogins } from "./state/backend/backend.ts";

/** The CLI of this project. */
export const pulumiProgram = path.join(projectDir, "node_modules", ".bin", "pulumi");

/** What to do where the engine is not there: npm's launcher downloads it at the first call, and the lab has its own. */
export const engineFix =
  'npx pulumi version downloads it; where get.pulumi.com cannot be reached, take the lab\'s: eval "$(npm run --silent lab -- env)"';

/** Why the engine did not start at all, by the launcher's words; undefined if it was the engine that spoke. */
export function engineProblem(stderr: string): string | undefined {
  const said = /^pulumi: (.*)$/m.exec(stderr)?.[1];
  return said === undefined ? undefined : `the Pulumi CLI does not run: ${said}`;
}

/** The CLI cannot have begun anything: it does not run, or there is no such stack. */
export class NoEngineError extends Error {
  /** Why, without the command that noticed it. */
  readonly reason: string;

  constructor(reason: string, message = reason) {
    super(message);
    this.reason = reason;
  }
}

export const missingCli = (): NoEngineError =>
  new NoEngineError(`the Pulumi CLI is not there (${pulumiProgram}); npm ci installs it`);

/** Why the CLI cannot have begun anything on the stack, by its own words; undefined if it may have. */
export function neverBegan(stderr: string): string | undefined {
  const missing = engineProblem(stderr);
  if (missing !== undefined) return `${missing}; ${engineFix}`;
  return /^error: (no stack named .*)$/m.exec(stderr)?.[1];
}

/** The error of a CLI that could not be started. */
export const notStarted = (error: NodeJS.ErrnoException): Error => (error.code === "ENOENT" ? missingCli() : error);

/** What the engine complains of, in one line; a lock that was left comes with the command that frees it. */
export function complaintOf(stack: string, stderr: string): string {
  const missing = engineProblem(stderr);
  if (missing !== undefined) return `${missing}; ${engineFix}`;
  const lines = withoutLogins(stderr).trim().split("\n");
  const last = (lines.at(-1) ?? "").trim();
  return isLocked(stderr) ? `it is locked: ${last}; ${freeing(stack)}` : last.replace(/^error: /, "");
}

const isLocked = (stderr: string): boolean => stderr.includes("the stack is currently locked by");
const freeing = (stack: string): string =>
  `npx orrery state recover --stack ${stack} says whether its holder still works, and frees it`;

/** Runs the Pulumi CLI and gives what it prints. @throws with its complaint */
export async function pulumiOutput(stack: Pick<SystemStack<unknown>, "name">, ...words: string[]): Promise<string> {
  const args = [...words, "--stack", stack.name, "--non-interactive"];
  try {
    return (await promisify(execFile)(pulumiProgram, args, { cwd: projectDir, maxBuffer: 256 << 20 })).stdout;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (failure.code === "ENOENT") throw notStarted(failure);
    const said = complaintOf(stack.name, failure.stderr ?? String(error));
    throw new Error(`pulumi ${words.join(" ")} of stack ${stack.name} failed: ${said}`, { cause: error });
  }
}

/** Where the output of the CLI goes, and what it gets besides this process' environment. */
interface Surroundings {
  /** Its output goes to standard error, as standard output is for JSON. @default false */
  readonly aside?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command of the CLI on the stack in the foreground, e.g. `destroy`.
 * @param aside - see {@link Surroundings}
 * @returns its exit code
 */
export function pulumiRun(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  command: string,
  words: readonly string[],
  aside = false,
): Promise<number> {
  return foreground(stack.name, [command, "--config-file", stack.file, ...words], { aside });
}

/** Runs the CLI on a stack in the foreground; says what to do where the stack is locked or the engine is not there. @returns its exit code */
export function foreground(
  stack: string,
  words: readonly string[],
  { aside = false, env = {} }: Surroundings,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(pulumiProgram, [...words, "--stack", stack], {
      ...{ cwd: projectDir, env: { ...process.env, ...env } },
      stdio: ["inherit", aside ? 2 : "inherit", "pipe"],
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      said += chunk.toString();
    });
    child.on("error", (error) => {
      reject(notStarted(error));
    });
    child.on("close", (code) => {
      if (isLocked(said)) console.error(freeing(stack));
      else if (engineProblem(said) !== undefined) console.error(engineFix);
      resolve(code ?? 1);
    });
  });
}

/** Runs `pulumi up` on the stack in the foreground. @returns its exit code */
export function pulumiUp(stack: SystemStack<unknown>, yes: boolean, more: readonly string[] = []): Promise<number> {
  return pulumiRun(stack, "up", [...(yes ? ["--yes"] : []), ...more]);
}
