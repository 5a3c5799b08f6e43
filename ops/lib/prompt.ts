/** Questions to the person at the terminal. */
import { createInterface } from "node:readline/promises";
import { UsageError } from "../../cli/usage.ts";

/** Asks one question. @param signal - ends the question @returns the trimmed answer, "" at Ctrl-D @throws UsageError without a terminal */
export async function ask(question: string, instead: string, signal?: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`there is no terminal to ask on: ${instead}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The terminal gives Ctrl-C to the question, not to the process, which may have something to put back.
  terminal.on("SIGINT", () => void process.kill(process.pid, "SIGINT"));
  const closed = new Promise<string>((resolve) => {
    terminal.once("close", () => {
      resolve("");
    });
  });
  try {
    return (await Promise.race([terminal.question(question, signal === undefined ? {} : { signal }), closed])).trim();
  } finally {
    terminal.close();
  }
}

/** Asks for a yes. @throws UsageError without a terminal and --yes */
export async function confirm(question: string, yes: boolean, signal?: AbortSignal): Promise<boolean> {
  return yes || /^y(es)?$/i.test(await ask(`${question} [y/N] `, "give --yes, or --dry-run", signal));
}
