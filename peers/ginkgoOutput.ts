/** Reads what Ginkgo prints of specs with `-ginkgo.v` and without colours. */
import type { Result } from "./suite.ts";

const end = /^(•|S)(?: \[(\w+)[^\]]*\])? \[([\d.]+) seconds\]$/;
const outcomes: Readonly<Record<string, Result["outcome"]>> = { "": "passed", SKIPPED: "skipped" };
/** Where a reason ends, or its second line begins. */
const reason = /^\s*\[(?:FAILED|PANICKED|SKIPPED|TIMEDOUT)\] (.*\S)/;

/** One run of a program with specs. */
export class GinkgoOutput {
  readonly #known: ReadonlySet<string>;
  #begun: string | undefined;
  #says: string | undefined;

  /** @param tests - full names of the specs that run, as they are listed */
  constructor(tests: readonly string[]) {
    this.#known = new Set(tests);
  }

  /** Reads a line. @returns the result, where a spec ends with it */
  line(line: string): Result | undefined {
    const title = line.trim();
    if (this.#begun === undefined && this.#known.has(title)) {
      this.#begun = title;
      this.#says = undefined;
      return undefined;
    }
    if (this.#begun === undefined) return undefined;
    this.#says ??= reason.exec(line)?.[1];
    const [, mark, word = "", seconds] = end.exec(title) ?? [];
    if (mark === undefined) return undefined;
    const outcome = outcomes[word] ?? "failed";
    const result = { test: this.#begun, outcome, seconds: Number(seconds) };
    const says = this.#says;
    this.#begun = undefined;
    return outcome === "passed" || says === undefined ? result : { ...result, says };
  }

  /** The spec that had begun when the program ended. */
  unfinished(): readonly Result[] {
    if (this.#begun === undefined) return [];
    return [
      { test: this.#begun, outcome: "failed", seconds: 0, says: this.#says ?? "the program ended before the test did" },
    ];
  }
}
