/** Reads what `tempest/run.py` prints. */
import type { Result } from "./suite.ts";

/** A line of it: without an outcome, the test begins. */
type Line = Pick<Result, "test"> & Partial<Omit<Result, "says">> & { readonly says?: string | null };

/** One run of tests. */
export class TempestOutput {
  #begun: string | undefined;

  /** Reads a line. @returns the result, where a test ends with it; other programs' lines have none */
  line(line: string): Result | undefined {
    if (!line.startsWith('{"test": ')) return undefined;
    const { test, outcome, seconds = 0, says } = JSON.parse(line) as Line;
    this.#begun = outcome === undefined ? test : undefined;
    if (outcome === undefined) return undefined;
    return { test, outcome, seconds, ...(outcome === "passed" || typeof says !== "string" ? {} : { says }) };
  }

  /** The test that had begun when the program ended. */
  unfinished(): readonly Result[] {
    const says = "the program ended before the test did";
    return this.#begun === undefined ? [] : [{ test: this.#begun, outcome: "failed", seconds: 0, says }];
  }
}
