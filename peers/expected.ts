/** The tests that are known to fail on the lab, each with its reason, and what that makes of a run. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Result } from "./suite.ts";

/** Whose matter an expected failure is. */
export const classes = {
  lab: "a limit of the lab",
  internet: "needs the internet",
  service: "Debian's service itself, unchanged",
  test: "an assumption of the test's own",
} as const;

/** Name of a class of failures. */
export type Class = keyof typeof classes;

const schema = z.array(
  z.strictObject({
    class: z.enum(Object.keys(classes) as [Class, ...Class[]]),
    reason: z.string().min(10),
    /** Whether the tests pass now and then. @default false */
    sometimes: z.literal(true).optional(),
    tests: z.array(z.string()).min(1),
  }),
);

/** Expected failures by test. */
export type Expected = ReadonlyMap<
  string,
  { readonly class: Class; readonly reason: string; readonly sometimes?: true | undefined }
>;

/** Reads a list. @throws naming the file, what is wrong in it, or a test that it has twice */
export function readExpected(file: string): Expected {
  if (!existsSync(file)) return new Map();
  const read = schema.safeParse(parse(readFileSync(file, "utf8")) ?? []);
  if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
  const expected = new Map<string, Omit<z.infer<typeof schema>[number], "tests">>();
  for (const { tests, ...why } of read.data) {
    for (const test of tests) {
      if (expected.has(test)) throw new Error(`${file} has ${test} twice`);
      expected.set(test, why);
    }
  }
  return expected;
}

/** File of a suite's expected failures. */
export const expectedFile = (suite: string): string => path.join(import.meta.dirname, "expected", `${suite}.yaml`);

/** What a suite's results come to. */
export interface Verdict {
  readonly passed: number;
  readonly skipped: number;
  /** Expected failures by class. */
  readonly failed: Partial<Record<Class, number>>;
  /** Failures that nobody expects. */
  readonly unexpected: readonly Result[];
  /** Tests that pass, and always fail by the list. */
  readonly surprises: readonly string[];
  /** Expected failures that the suite has no test for. */
  readonly unknown: readonly string[];
  /** Tests without a result. */
  readonly left: number;
}

/** Compares the results of a suite with what is expected of it. */
export function judge(tests: readonly string[], results: readonly Result[], expected: Expected): Verdict {
  const of = (outcome: Result["outcome"]): readonly Result[] => results.filter((one) => one.outcome === outcome);
  const failed: Partial<Record<Class, number>> = {};
  for (const { test } of of("failed")) {
    const why = expected.get(test)?.class;
    if (why !== undefined) failed[why] = (failed[why] ?? 0) + 1;
  }
  const [known, ended] = [new Set(tests), new Set(results.map(({ test }) => test))];
  return {
    passed: of("passed").length,
    skipped: of("skipped").length,
    failed,
    unexpected: of("failed").filter(({ test }) => !expected.has(test)),
    surprises: of("passed")
      .map(({ test }) => test)
      .filter((test) => expected.has(test) && expected.get(test)?.sometimes !== true),
    unknown: [...expected.keys()].filter((test) => !known.has(test)),
    left: tests.filter((test) => !ended.has(test)).length,
  };
}

/** Whether a verdict lets the command end well: the list is complete, and every line of it is still true. */
export const isGood = ({ unexpected, surprises, unknown, left }: Verdict): boolean =>
  [...unexpected, ...surprises, ...unknown].length === 0 && left === 0;
