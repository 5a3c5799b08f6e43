/** Line-by-line differences of two texts, as `diff -u` prints them. */
import { structuredPatch } from "diff";

/** Number of edits beyond which two texts are printed as fully removed and added. */
const mostChanges = 4_000;

/** The hunks of a unified diff, without the file header. */
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
