/** The review of a split stack: what has moved with its state is no deletion, and what changes on the way is shown. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { touchedStacks } from "../../../ci/touchedStacks.ts";
import { keepSystems, put } from "../../../config/stackEdit.ts";
import { systemNames, withOnlySystems } from "../../../ops/lib/split/systemStacks.ts";
import { type Checkout, checkOut } from "../../../review/checkout.ts";
import { compareCommits } from "../../../review/compareCommits.ts";
import { movesBetween } from "../../../review/movedSystems.ts";
import { compareRecorded, recordRenders } from "../../../review/renders.ts";
import { markdown } from "../../../review/report/markdown.ts";

const moved = ["dials", "stream"];

describe("the review of a split", () => {
  let whole: Checkout;
  let split: Checkout;
  const fileIn = ({ folder }: Checkout, stack: string): string => path.join(folder, `Pulumi.${stack}.yaml`);

  before(async () => {
    [whole, split] = [await checkOut("HEAD"), await checkOut("HEAD")];
    for (const tree of [whole, split]) for (const other of ["prod", "test"]) rmSync(fileIn(tree, other));
    const file = fileIn(whole, "stage");
    const rest = ["orrery", "clusters", "clouds", ...systemNames.filter((system) => !moved.includes(system))];
    writeFileSync(fileIn(split, "stage"), keepSystems(readFileSync(file, "utf8"), rest));
    for (const system of moved) writeFileSync(fileIn(split, `stage-${system}`), withOnlySystems(file, [system]));
  });
  after(async () => {
    await whole.close();
    await split.close();
  });

  it("finds the moved systems by the stack files, in both directions", () => {
    const there = moved.map((system) => ({ system, from: "stage", to: `stage-${system}` }));
    assert.deepEqual(movesBetween(whole.folder, split.folder), there);
    const back = moved.map((system) => ({ system, from: `stage-${system}`, to: "stage" }));
    assert.deepEqual(movesBetween(split.folder, whole.folder), back);
    assert.deepEqual(movesBetween(whole.folder, whole.folder), []);
  });

  it("says that they have moved, and that nothing changes", async () => {
    const stacks = await compareCommits(whole, split, "stage*");
    assert.deepEqual(
      stacks.map(({ stack, changes }) => [stack, changes.map(({ operation, urn }) => `${operation} ${urn}`)]),
      [
        ["stage", []],
        ["stage-dials", []],
        ["stage-stream", []],
      ],
    );
    assert.ok(stacks.every(({ resources }) => resources.length > 20));
    const text = markdown(stacks, "a", "b");
    assert.match(text, /^Nothing in any stack \(stage, stage-dials, stage-stream\)\.$/m);
    assert.match(text, /^- dials moves from `stage` to `stage-dials`\n- stream moves from `stage` to `stage-stream`$/m);
    assert.doesNotMatch(text, /What it asks for/);
  });

  it("says the same of the way back, where the parts' stacks end", async () => {
    const stacks = await compareCommits(split, whole, "stage*");
    assert.deepEqual(
      stacks.flatMap(({ changes }) => changes.map(({ operation, urn }) => `${operation} ${urn}`)),
      [],
    );
    assert.match(markdown(stacks, "a", "b"), /^- stream moves from `stage-stream` to `stage`$/m);
  });

  it("says the same by a file of renders", async () => {
    const file = path.join(split.folder, "renders.json");
    writeFileSync(file, await recordRenders(whole, split));
    const { stacks, notes } = await compareRecorded(file);
    assert.deepEqual(notes, []);
    assert.deepEqual(
      stacks.flatMap(({ changes, arrived }) => [...changes, ...arrived.map(({ to }) => to)]),
      moved.map((system) => `stage-${system}`),
    );
  });

  it("shows what changes on the way, secrets too, and the new stacks are deployed", async () => {
    const file = fileIn(split, "stage-stream");
    const was = readFileSync(file, "utf8");
    const key = /^ {2}(stream:\w+):\n {4}secure: (.*)$/m.exec(was)?.[1] ?? "";
    const at = ["config", "stream:settings", "imports", "schedule"];
    writeFileSync(file, put(put(was, at, "5 * * * *"), ["config", key], { secure: "v1:AAAAAAAAAAAAAAAA:AAAA" }));
    const changed = (await compareCommits(whole, split, "stage-stream")).flatMap(({ changes }) => changes);
    writeFileSync(file, was);
    assert.ok(changed.length > 0);
    assert.deepEqual(
      changed.filter(({ operation }) => operation === "create" || operation === "delete").map(({ urn }) => urn),
      [],
    );
    assert.ok(changed.some(({ type }) => type === "kubernetes:core/v1:Secret"));
    const touched = await touchedStacks(whole, split, ["stage"]);
    assert.deepEqual(touched.get("stage"), ["stage-dials", "stage-stream"]);
  });

  it("counts a system that an unrelated stack gains as deleted there and created here", () => {
    const other = fileIn(split, "mine-stream");
    writeFileSync(other, readFileSync(fileIn(split, "stage-stream")));
    rmSync(fileIn(split, "stage-stream"));
    assert.deepEqual(
      movesBetween(whole.folder, split.folder).map(({ system }) => system),
      ["dials"],
    );
  });
});
