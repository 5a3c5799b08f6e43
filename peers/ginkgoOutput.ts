/** Reads what Ginkgo prints of specs with `-ginkgo.v` and without colours. */
import type { Result } from "./suite.ts";

const end = /^(?:•|S)(?: \[(\w+)[^\]]*\])? \[([\d.]+) seconds\]$/;
const outcomes: Readonly<Record<string, Result["outcome"]>> = { "": "passed", SKIPPED: "skipped" };
/** What Ginkgo adds to a title. */
const labels = / \[[^[\]]*\]$/;
/** Stands between specs: a title is the line below it, and a failure ends with it, the reason last. */
const rule = /^-{10,}$/;
const reason = /^\[(?:FAILED|PANICKED|SKIPPED|TIMEDOUT)\] (?!in \[)(.*\S)/;

/** One run of a program with specs. */
export class GinkgoOutput {
  readonly #known: ReadonlySet<string>;
  #begun: string | undefined;
  #ended: Pick<Result, "outcome" | "seconds"> | undefined;
  #says: string | undefined;
  #ruled = false;

  /** @param tests - full names of the specs that run, as they are listed */
  constructor(tests: readonly string[]) {
    this.#known = new Set(tests);
  }

  /** Reads a line. @returns the result, where a spec ends with it */
  line(line: string): Result | undefined {
    const said = line.trim();
    const below = this.#ruled;
    this.#ruled = rule.test(said);
    if (this.#begun === undefined) {
      const named = said.replace(labels, "");
      if (below && this.#known.has(named)) this.#begun = named;
      return undefined;
    }
    this.#says ??= reason.exec(said)?.[1];
    const [found, word = "", seconds] = end.exec(said) ?? [];
    if (found !== undefined) this.#ended = { outcome: outcomes[word] ?? "failed", seconds: Number(seconds) };
    return this.#ended !== undefined && (this.#ruled || this.#ended.outcome === "passed") ? this.#result() : undefined;
  }

  /** The spec that had begun when the program ended. */
  unfinished(): readonly Result[] {
    return this.#begun === undefined ? [] : [this.#result()];
  }

  #result(): Result {
    const [test = "", says = "the program ended before the test did"] = [this.#begun, this.#says];
    const { outcome, seconds } = this.#ended ?? { outcome: "failed", seconds: 0 };
    this.#begun = this.#ended = this.#says = undefined;
    return { test, outcome, seconds, ...(outcome === "passed" ? {} : { says }) };
  }
}
