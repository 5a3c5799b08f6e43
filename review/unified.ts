/** Differences of two texts, line by line, as `diff -u` shows them. */
import { structuredPatch } from "diff";

/** Lines that may differ before two texts count as having nothing in common. */
const mostChanges = 4_000;

/** The hunks of a unified diff, without the header that names files. */
export function unified(before: string, after: string): readonly string[] {
  const patch = structuredPatch("", "", before, after, "", "", { context: 3, maxEditLength: mostChanges });
  if (patch === undefined) {
    return [...before.split("\n").map((line) => `-${line}`), ...after.split("\n").map((line) => `+${line}`)];
  }
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
}
