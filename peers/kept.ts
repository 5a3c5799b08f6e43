/** Results of a suite in the lab's folder, so that the next run goes on where this one ended. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { replaceFile } from "../config/replaceFile.ts";
import type { Result } from "./suite.ts";

interface Head {
  readonly version: string;
  readonly tests: readonly string[];
}

/** What is known of one suite: its tests, and the last result of each that has ended. */
export class Kept {
  readonly #file: string;
  readonly #version: string;
  #tests: readonly string[] = [];
  #results = new Map<string, Result>();

  /** Reads the file; results of another version do not count. */
  constructor(folder: string, suite: string, version: string) {
    this.#file = path.join(folder, `${suite}.jsonl`);
    this.#version = version;
    if (!existsSync(this.#file)) return;
    const [head = "", ...lines] = readFileSync(this.#file, "utf8").split("\n");
    const { version: known, tests = [] } = (parsed(head) ?? {}) as Partial<Head>;
    if (known !== version) return;
    this.#tests = tests;
    for (const line of lines) {
      const result = parsed(line) as Result | undefined;
      if (result !== undefined) this.#results.set(result.test, result);
    }
  }

  get tests(): readonly string[] {
    return this.#tests;
  }

  get results(): readonly Result[] {
    return [...this.#results.values()];
  }

  /** Tests without a result, in the suite's order. */
  get left(): readonly string[] {
    return this.#tests.filter((test) => !this.#results.has(test));
  }

  /** Takes the suite's list of tests, and forgets what `again` names. */
  begin(tests: readonly string[], again: "all" | "failed" | undefined): void {
    const known = new Set(tests);
    const stays = ({ test, outcome }: Result): boolean =>
      again !== "all" && !(again === "failed" && outcome === "failed") && known.has(test);
    this.#tests = tests;
    this.#results = new Map(this.results.filter(stays).map((result) => [result.test, result]));
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const head: Head = { version: this.#version, tests };
    replaceFile(this.#file, [head, ...this.results].map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** Keeps a result at once: a run may be killed at any time. */
  add(result: Result): void {
    this.#results.set(result.test, result);
    appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
  }
}

/** What a file's line says; nothing for a line that a killed run or a full disk left unfinished. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
