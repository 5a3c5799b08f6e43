/** Reads what `go test -v` prints. */
import type { Result } from "./suite.ts";

const end = /^--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)/;
/** Words of a reason; what is printed later tells of the cleaning up. */
const complaint = /fail|unable|error|unexpected|require|not |panic/i;
/** What OpenTofu's complaint, below it, makes clear. */
const vague = /exit status \d+$/;
// eslint-disable-next-line no-control-regex -- colours
const colours = /\x1b\[[\d;]*m/g;
const reasons = [/^\s+(?:\S+: )?\w+\.go:\d+: (.*\S)/, /^(panic: .*)/, /^\s+(Error: .*\S)/];
const outcomes = { PASS: "passed", FAIL: "failed", SKIP: "skipped" } as const;

/** One run of a test program; subtests count as a part of their test. */
export class GoOutput {
  readonly #running = new Map<string, string | undefined>();
  #last: string | undefined;

  /** Reads a line. @returns the result, where a test ends with it */
  line(line: string): Result | undefined {
    const begun = /^=== (?:RUN|CONT|NAME) +([^\s/]+)/.exec(line)?.[1];
    if (begun !== undefined) {
      if (!this.#running.has(begun)) this.#running.set(begun, undefined);
      this.#last = begun;
    }
    const [, word, test = "", seconds] = end.exec(line) ?? [];
    if (word === undefined) {
      const said = reasons.map((one) => one.exec(line)?.[1]).find((one) => one !== undefined);
      if (said !== undefined && this.#last !== undefined) this.#say(this.#last, said.replaceAll(colours, ""));
      return undefined;
    }
    const outcome = outcomes[word as keyof typeof outcomes];
    const says = this.#running.get(test);
    this.#running.delete(test);
    return { test, outcome, seconds: Number(seconds), ...(outcome === "passed" || says === undefined ? {} : { says }) };
  }

  #say(test: string, said: string): void {
    const known = this.#running.get(test) ?? "";
    if (!complaint.test(known) || vague.test(known)) this.#running.set(test, said);
  }

  /** Tests that had begun when the program ended: it crashed, or its time was over. */
  unfinished(): readonly Result[] {
    return [...this.#running].map(([test, says = "the program ended before the test did"]) => {
      return { test, outcome: "failed", seconds: 0, says };
    });
  }
}
