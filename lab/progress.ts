/** The engine's output where nobody watches it: what was done and what went wrong, without two lines for each resource. */
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Milliseconds between two lines about the progress. */
const pace = 15_000;

/** One resource's step, or the sign that the engine is alive; the block of diagnostics has brackets where this has a name. */
const step = /^(?:@ | [-+~=<>*! ]{1,4} *[\w.-]+:[^\s:]*:[\w.]+ (?!\())/;
const done = /\b(?:created|updated|replaced|deleted|imported|read|discarded)(?: \([\d.]+m?s\))/;

/**
 * Passes the engine's lines on, but for its steps, of which it tells the number now and then; all of it goes to a file.
 * @returns when the output has ended
 */
export async function condense(output: Readable, file: string, print: (line: string) => void): Promise<void> {
  const all = createWriteStream(file, { mode: 0o600 });
  let [steps, printed] = [0, Date.now()];
  let [blank, any] = [false, false];
  for await (const line of createInterface({ input: output, crlfDelay: Infinity })) {
    all.write(`${line}\n`);
    if (step.test(line)) {
      if (done.test(line)) steps++;
      if (Date.now() - printed < pace) continue;
      printed = Date.now();
      print(`${steps} resources done`); // not indented: it may follow a container's last words
    } else {
      // Blank lines around steps would be left over.
      if (line !== "" || (any && !blank)) print(line);
      blank = line === "";
      any = true;
    }
  }
  await new Promise<void>((resolve) => all.end(resolve));
}
