/** A verdict as people read it. */
import { type Class, classes, type Verdict } from "./expected.ts";

/** Counts in one line, then each test that somebody must look at. */
export function verdictText(one: Verdict & { readonly suite: string; readonly version: string }): string {
  const { suite, version, passed, skipped, failed, unexpected, surprises, unknown, left } = one;
  const reasons = Object.entries(failed).map(([kind, count]) => `${count} failed (${classes[kind as Class]})`);
  const rest = left > 0 ? [`${left} not run yet`] : [];
  const counts = [
    `${passed} passed`,
    ...reasons,
    `${unexpected.length} failed unexpectedly`,
    `${skipped} skipped`,
    ...rest,
  ];
  return [
    `${suite} ${version}: ${counts.join(", ")}`,
    ...unexpected.map(({ test, says = "it gives no reason" }) => `  failed: ${test}: ${says}`),
    ...surprises.map((test) => `  passes, remove it from the expected failures: ${test}`),
    ...unknown.map((test) => `  expected to fail, and no test of the suite: ${test}`),
  ].join("\n");
}
