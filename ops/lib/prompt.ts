/** Questions to the person at the terminal. */
import { createInterface } from "node:readline/promises";
import { UsageError } from "../command.ts";

/** Asks one question. @returns the answer without blanks around it @throws UsageError where nobody can answer */
export async function ask(question: string, instead: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`nobody can be asked here: ${instead}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

/** Asks for a yes. @throws UsageError where nobody can answer and --yes was not given */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  return yes || /^y(es)?$/i.test(await ask(`${question} [y/N] `, "give --yes, or --dry-run to only look"));
}
