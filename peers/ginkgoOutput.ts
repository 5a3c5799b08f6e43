/** Reads what Ginkgo prints of specs with `-ginkgo.v` and without colours. */
import type { Result } from "./suite.ts";

const end = /^(•|S)(?: \[(\w+)[^\]]*\])? \[([\d.]+) seconds\]$/;
const outcomes: Readonly<Record<string, Result["outcome"]>> = { "": "passed", SKIPPED: "skipped" };
/** What Ginkgo adds to a title. */
const labels = / \[[^[\]]*\]$/;
/** A title stands below it; one that stands elsewhere repeats what failed. */
const rule = /^-{10,}$/;
/** Where a reason ends, or its second line begins. */
const reason = /^\s*\[(?:FAILED|PANICKED|SKIPPED|TIMEDOUT)\] (.*\S)/;

/** One run of a program with specs. */
export class GinkgoOutput {
  readonly #known: ReadonlySet<string>;
  #begun: string | undefined;
  #says: string | undefined;
  #ruled = false;

  /** @param tests - full names of the specs that run, as they are listed */
  constructor(tests: readonly string[]) {
    this.#known = new Set(tests);
  }

  /** Reads a line. @returns the result, where a spec ends with it */
  line(line: string): Result | undefined {
    const title = line.trim();
    const begins = this.#ruled;
    this.#ruled = rule.test(title);
    if (this.#begun === undefined) {
      if (!begins) return undefined;
      const named = title.replace(labels, "");
      if (this.#known.has(named)) [this.#begun, this.#says] = [named, undefined];
      return undefined;
    }
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
