/** What a decision has from the engine: protections, and how its own update ended. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { projectDir, readStackFile } from "../../../config/stackFile.ts";
import { output, run } from "../process.ts";
import { complaintOf, missingCli, neverBegan, NoEngineError, pulumiProgram } from "../pulumi.ts";
import { passphraseOf } from "../secrets.ts";
import type { Journal } from "./journal.ts";

type Stack = Pick<Journal, "stack" | "file">;

/** Runs the CLI on the stack. @throws with its complaint */
const cli = (one: Stack, words: readonly string[]): Promise<string> =>
  engineCommand(one, [...words, "--stack", one.stack]);

/**
 * Runs the CLI with the stack's passphrase; Ctrl-C does not reach it, as it runs while something is undone.
 * @throws with its complaint; NoEngineError if it cannot have begun anything
 */
export async function engineCommand({ stack, file }: Stack, words: readonly string[]): Promise<string> {
  const guarded = readStackFile(file).provider === undefined;
  const env = guarded ? { PULUMI_CONFIG_PASSPHRASE: passphraseOf(stack) } : {};
  const args = [...words, "--non-interactive"];
  if (!existsSync(pulumiProgram)) throw missingCli();
  const { status, stdout, stderr } = await run(pulumiProgram, args, { cwd: projectDir, env, detached: true });
  if (status === 0) return stdout;
  const said = `pulumi ${words.slice(0, 2).join(" ")} of stack ${stack} failed: ${complaintOf(stack, stderr)}`;
  const never = neverBegan(stderr);
  throw never === undefined ? new Error(said) : new NoEngineError(never, said);
}

/** Lifts or restores protections in the state. */
export async function setProtection(
  stack: Stack,
  verb: "protect" | "unprotect",
  urns: readonly string[],
): Promise<void> {
  if (urns.length > 0) await cli(stack, ["state", verb, ...urns, "--yes"]);
}

/** The message of a decision's update, by which the history knows it. */
export const updateMessage = ({ command, id }: Journal): string => `orrery ${command} (${id})`;

/** How the decision's update ended, by the history; undefined if it was never begun, or its engine was killed. */
export async function updateResult(journal: Journal): Promise<string | undefined> {
  const text = await cli(journal, ["stack", "history", "--json", "--page-size", "20"]);
  const updates = JSON.parse(text) as readonly { readonly message: string; readonly result: string }[];
  return updates.find(({ message }) => message === updateMessage(journal))?.result;
}

/** Processes of the decision's engine, which goes on when only the command, or npm's wrapper of the CLI, was killed. */
export function enginesOf({ id }: Pick<Journal, "id">): Promise<readonly number[]> {
  return engines((line) => line.includes(id));
}

/** Waits for commands of the engine on these stacks that outlived the command which began them. @throws after two minutes */
export async function waitForEngines(stacks: readonly string[]): Promise<void> {
  const words = new Set(stacks);
  for (let turn = 0; turn < 600; turn += 1) {
    const [first] = await engines((line) => line.split(" ").some((word) => words.has(word)));
    if (first === undefined) return;
    if (turn === 599)
      throw new Error(`pulumi (process ${first}) still works on ${stacks.join(", ")}; wait for its end`);
    await sleep(200);
  }
}

async function engines(fits: (line: string) => boolean): Promise<readonly number[]> {
  const stdout = await output("ps", ["-A", "-ww", "-o", "pid=,args="]);
  return stdout
    .split("\n")
    .filter((line) => fits(line) && /pulumi/i.test(line))
    .map((line) => Number.parseInt(line, 10));
}
