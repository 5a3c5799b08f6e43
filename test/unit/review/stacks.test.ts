/** `review --stacks` on the committed stacks. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { stackPath } from "../../../config/stackFile.ts";
import { withOnlySystems } from "../../../ops/lib/split/systemStacks.ts";
import { checkOut } from "../../../review/checkout.ts";
import { compareStacks } from "../../../review/compareStacks.ts";
import { stacksMarkdown } from "../../../review/report/stacks.ts";

describe("review --stacks", () => {
  it("says which settings differ and what only one of the stacks has, and shows no secret", async () => {
    const found = await compareStacks("stage", "prod");
    const setting = found.settings.find(({ key, path }) => key === "dials:settings" && path.join(".") === "images.etl");
    assert.equal(setting?.before, undefined);
    assert.match(String(setting?.after), /^registry\.cern\.ch\/cms-dqmdc\/dials-etl@sha256:/);
    const backend = found.changes.find(({ type, name }) => type.endsWith(":Deployment") && name.includes("backend"));
    assert.ok(backend?.before !== undefined && backend.after !== undefined, "the backend is in both");
    assert.ok(backend.fields.some(({ path }) => path.includes("image")));
    const text = stacksMarkdown(found);
    assert.match(text, /^## stage and prod\n/);
    assert.match(text, /\| `dials:settings\.images\.etl` \| {2}\| `registry\.cern\.ch/);
    assert.doesNotMatch(text, /\[secret [0-9a-f]{12}\]|v1:[\w+/=]{8}/);
  });

  it("leaves out systems that only one of the stacks has, in one line", async () => {
    const tree = await checkOut("HEAD");
    try {
      const file = path.join(tree.folder, "Pulumi.mine.yaml");
      writeFileSync(file, withOnlySystems(stackPath("stage", tree.folder), ["dials"]));
      const found = await compareStacks("stage", "mine", tree);
      assert.deepEqual(
        found.alone,
        ["callysto", "packit", "prow", "stream", "thoth"].map((system) => ({ system, stack: "stage" })),
      );
      assert.deepEqual([...new Set(found.settings.map(({ key }) => key.split(":")[0]))].sort(), ["clouds", "clusters"]);
      assert.ok(found.changes.every(({ type }) => type.startsWith("pulumi:providers:")));
      assert.match(
        stacksMarkdown(found),
        /^## stage and mine\n\nOnly stage has callysto, .*: left out here\.\n\n### Settings/,
      );
    } finally {
      await tree.close();
    }
  });

  it("finds nothing between a stack and itself", async () => {
    const { settings, changes } = await compareStacks("test", "test");
    assert.deepEqual([settings, changes], [[], []]);
  });
});
