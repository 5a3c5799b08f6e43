/** One command on several stacks: `--stack 'prod*'` runs it once for each, in processes of their own. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { stackEnvironment } from "../config/stackEnvironment.ts";
import { projectDir, stackNames } from "../config/stackFile.ts";
import { UsageError } from "./usage.ts";

/** Whether a stack's name stands for several. */
export function isGroup(stack: unknown): stack is string {
  return typeof stack === "string" && stack.includes("*");
}

/** Names that a pattern matches, where * is any text. @throws UsageError if there is none */
export function stacksLike(pattern: string, names = stackNames()): readonly string[] {
  const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
  const found = /^[\w*-]+$/.test(pattern) ? names.filter((name) => expression.test(name)) : [];
  if (found.length === 0) throw new UsageError(`--stack ${pattern} matches no stack; there are ${names.join(", ")}`);
  return found;
}

/** What a command printed about one stack. */
interface Answer {
  readonly stack: string;
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
}

/**
 * Runs a command line once for each stack of a group, some at the same time, and prints the answers in order: below the stack's name, or
 * with --json as `[{"stack", "code", "answer"}]`. What a run says on stderr follows its stack's name. PASSPHRASE_<STACK> is a
 * stack's own passphrase.
 * @param inTurn - one after the other: they fill this machine, or use the same repository
 * @param args - the words after the command's name; those that name the group name the stack instead
 * @returns the highest exit code
 */
export async function onEach(name: string, args: readonly string[], pattern: string, inTurn: boolean): Promise<number> {
  const waiting = [...stacksLike(pattern)];
  const answers: Answer[] = [];
  const work = async (): Promise<void> => {
    for (let stack = waiting.shift(); stack !== undefined; stack = waiting.shift())
      answers.push(await onOne([...name.split(" "), ...named(args, pattern, stack)], stack));
  };
  await Promise.all(Array.from({ length: inTurn ? 1 : availableParallelism() }, work));
  answers.sort((one, other) => (one.stack < other.stack ? -1 : 1));
  if (args.includes("--json")) {
    const all = answers.map(({ stdout, ...rest }) => ({ ...rest, answer: parsed(stdout) }));
    console.log(JSON.stringify(all, undefined, 2));
  } else for (const { stack, stdout } of answers) console.log(`== ${stack}\n${stdout.trimEnd()}`);
  return Math.max(...answers.map(({ code }) => code));
}

/** The words with one stack in place of the group. */
export function named(args: readonly string[], pattern: string, stack: string): readonly string[] {
  const begins = ["", "-s", "--stack="];
  return args.map((word) => {
    const begin = begins.find((one) => word === `${one}${pattern}`);
    return begin === undefined ? word : `${begin}${stack}`;
  });
}

function onOne(words: readonly string[], stack: string): Promise<Answer> {
  const program = path.join(projectDir, "cli", "orrery.ts");
  const env = stackEnvironment(stack, process.env);
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const said = Buffer.concat(err).toString().trim();
      if (said !== "") console.error(said.replaceAll(/^/gm, `${stack}: `));
      resolve({ stack, code: code ?? 1, stdout: Buffer.concat(out).toString() });
    });
  });
}

/** What a run printed with --json; undefined if it failed and printed none, or a part of it. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
