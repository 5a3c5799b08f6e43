/** Stack files as text, broken at random: each is refused in one message, or read without a difference to what the engine reads. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { after, describe, it } from "mocha";
import { schemas } from "../../components/registry.ts";
import { parseConfig } from "../../config/parse.ts";
import { report } from "../../config/problems.ts";
import { readStackFile, sampleConfig, stackPath, UnreadableStackFile } from "../../config/stackFile.ts";
import { stacks } from "../unit/harness.ts";

const cases = Number(process.env.ORRERY_CASES ?? "10000");
const seed = Number(process.env.ORRERY_SEED ?? "4");
/** No text may keep a person waiting. */
const longest = 5000;

const all = Object.values(schemas);
const texts = new Map(stacks.map((stack) => [stack, readFileSync(stackPath(stack), "utf8")]));
const dir = mkdtempSync(path.join(tmpdir(), "texts-"));

/** Pieces that YAML, JavaScript, shells and terminals treat in their own way. */
const pieces = fc.oneof(
  fc.constantFrom(
    ..."\0 \t - : ? # & * ! | > ' \" % @ ` { } [ ] , ~ \r \n \u2028 \uFEFF \ud800 \u001b[2J".split(" "),
    ...[
      "0150",
      "2001-12-14",
      ".inf",
      "0b1",
      "1_0",
      "!!set ",
      "&a ",
      "*a",
      "<<: ",
      "---\n",
      "...\n",
      "__proto__: ",
      "null: ",
    ],
    ...[
      "secure: ",
      "encryptionsalt: 5\n",
      "config: {}\n",
      "$(id)",
      "'; rm -rf /; '",
      "constructor",
      "toString",
      "\\x00",
      "'",
    ],
  ),
  fc.string({ maxLength: 8 }),
  fc.stringMatching(/^[a-z0-9.]{1,6}$/),
);

/** What happens to a text at a place, by its share of the length in millionths. */
const change = fc.record({
  kind: fc.constantFrom("insert", "replace", "remove", "repeat", "cut", "word", "word", "word", "word"),
  at: fc.noBias(fc.integer({ min: 0, max: 999_999 })),
  length: fc.integer({ min: 1, max: 200 }),
  piece: pieces,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(text: string, { kind, at, length, piece }: Change): string {
  const from = placeIn(text, at / 1_000_000);
  const [before, inside, behind] = [text.slice(0, from), text.slice(from, from + length), text.slice(from + length)];
  switch (kind) {
    case "insert":
      return before + piece + inside + behind;
    case "replace":
      return before + piece + behind;
    case "remove":
      return before + behind;
    case "repeat":
      return before + inside + inside + behind;
    case "word":
      return before + inside.replace(/[\w.]+/, piece) + behind;
    default:
      return before;
  }
}

/** A place outside of ciphertexts, which are most of a file and all alike. */
function placeIn(text: string, share: number): number {
  const lines = text.split("\n");
  const starts = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1);
  const plain = lines.flatMap((line, index) => (line.includes("secure:") ? [] : [index]));
  const position = share * plain.length;
  const index = plain[Math.min(plain.length - 1, Math.floor(position))] ?? 0;
  return (starts[index] ?? 0) + Math.floor((position % 1) * ((lines[index]?.length ?? 0) + 1));
}

describe("stack files with random changes to their text", function () {
  this.timeout(1_800_000);
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it(`a changed stack file is either refused in one message within ${longest / 1000} s, or read with every value (${cases} files)`, () => {
    const counts = { unreadable: 0, refused: 0, taken: 0 };
    const file = path.join(dir, "Pulumi.test.yaml");
    fc.assert(
      fc.property(fc.constantFrom(...stacks), fc.array(change, { minLength: 1, maxLength: 2 }), (stack, changes) => {
        writeFileSync(file, changes.reduce(changed, texts.get(stack) ?? ""));
        const written = readFileSync(file);
        const began = performance.now();
        const outcome = read(file);
        assert.ok(performance.now() - began < longest, "took too long");
        assert.deepEqual(readFileSync(file), written);
        counts[outcome.kind]++;
        if (outcome.kind === "taken") return;
        assert.match(outcome.message, /^Pulumi\.test\.yaml/);
        assert.doesNotMatch(
          outcome.message,
          /\n\s+at .*:\d+|\[object|Cannot read prop|is not a function|Unexpected token/,
        );
        // eslint-disable-next-line no-control-regex -- what a terminal obeys must not come out
        assert.doesNotMatch(outcome.message, /[\0-\x08\x0b-\x1f\x7f]/);
      }),
      { numRuns: cases, seed, endOnFailure: true },
    );
    console.log(
      `      ${counts.unreadable} unreadable, ${counts.refused} refused, ${counts.taken} taken; seed ${seed}`,
    );
    assert.ok(Object.values(counts).every((count) => count > cases / 50));
  });
});

type Outcome = { readonly kind: "taken" } | { readonly kind: "unreadable" | "refused"; readonly message: string };

function read(file: string): Outcome {
  let stack;
  try {
    stack = readStackFile(file);
  } catch (error) {
    assert.equal((error as Error).constructor, UnreadableStackFile, String((error as Error).stack));
    return { kind: "unreadable", message: (error as Error).message };
  }
  const { problems } = parseConfig(sampleConfig(stack, all), all);
  if (problems.length > 0) return { kind: "refused", message: report("test", problems) };
  return { kind: "taken" };
}
