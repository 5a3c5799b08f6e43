/** Differences of two texts, line by line, as `diff -u` shows them. */

/** Lines around a change that are shown. */
const context = 3;

/** A line of the result: a space, `-` or `+`, and the text. */
type Line = readonly [mark: " " | "-" | "+", text: string];

/** The hunks of a unified diff, without its header. */
export function unified(before: string, after: string): readonly string[] {
  const lines = editScript(before.split("\n"), after.split("\n"));
  const shown = new Set<number>();
  for (const [at, [mark]] of lines.entries()) {
    if (mark === " ") continue;
    for (let near = at - context; near <= at + context; near++) shown.add(near);
  }
  const result: string[] = [];
  let [old, now] = [1, 1];
  for (const [at, [mark, text]] of lines.entries()) {
    if (shown.has(at)) {
      if (!shown.has(at - 1)) result.push(`@@ line ${old} -> ${now} @@`);
      result.push(`${mark}${text}`);
    }
    if (mark !== "+") old++;
    if (mark !== "-") now++;
  }
  return result;
}

/** The shortest way from one list of lines to the other, by the lengths of common subsequences. */
function editScript(before: readonly string[], after: readonly string[]): readonly Line[] {
  let [start, oldEnd, nowEnd] = [0, before.length, after.length];
  while (start < oldEnd && start < nowEnd && before[start] === after[start]) start++;
  while (oldEnd > start && nowEnd > start && before[oldEnd - 1] === after[nowEnd - 1])
    [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  const same = (lines: readonly string[]): Line[] => lines.map((text) => [" ", text]);
  return [
    ...same(before.slice(0, start)),
    ...middle(before.slice(start, oldEnd), after.slice(start, nowEnd)),
    ...same(before.slice(oldEnd)),
  ];
}

function middle(before: readonly string[], after: readonly string[]): readonly Line[] {
  // Cells would be many for two long texts that have nothing in common; those read as well one after the other.
  if (before.length * after.length > 4_000_000) {
    return [...before.map((text): Line => ["-", text]), ...after.map((text): Line => ["+", text])];
  }
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const cell = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push([" ", before[i] ?? ""]);
      [i, j] = [i + 1, j + 1];
    } else if (i < before.length && (j === after.length || cell(i + 1, j) >= cell(i, j + 1))) {
      lines.push(["-", before[i++] ?? ""]);
    } else {
      lines.push(["+", after[j++] ?? ""]);
    }
  }
  return lines;
}
