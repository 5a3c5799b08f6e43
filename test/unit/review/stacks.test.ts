/** `review --stacks` on the committed stacks. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compareStacks } from "../../../review/compareStacks.ts";
import { stacksMarkdown } from "../../../review/report/stacks.ts";

describe("review --stacks", function () {
  this.timeout(60_000);

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

  it("finds nothing between a stack and itself", async () => {
    const { settings, changes } = await compareStacks("test", "test");
    assert.deepEqual([settings, changes], [[], []]);
  });
});
