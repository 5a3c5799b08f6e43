/** The policy pack under the real engine: it lets the test stack pass as disposable, and stops it when that is not said. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget } from "../../lab/retarget.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { stackPath } from "../../config/stackFile.ts";
import { createPrerequisites } from "../../lab/prerequisites.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { initStack, pulumi, type Target } from "../../lab/harness/engine.ts";

const target: Target = { stack: "policy", file: path.join(lab.dir, "Pulumi.policy.yaml") };
const config = path.join(lab.dir, "policy.json");

describe("the policy pack", () => {
  before(async () => {
    await createPrerequisites(
      retarget(stackPath("test"), target.file, labTarget(lab), samplePassphrase("test")).prerequisites,
      lab,
      () => undefined,
    );
    writeFileSync(config, JSON.stringify({ protected: { disposable: true } }));
    await initStack(target);
  });

  after(async () => {
    await pulumi(["stack", "rm", "--yes", "--preserve-config"], target);
  });

  it("the policy pack finds no violation in the test stack", async () => {
    const { code, text } = await pulumi(["preview", "--policy-pack", "policy", "--policy-pack-config", config], target);
    assert.equal(code, 0, text);
    assert.match(text, /orrery@v\d/);
    assert.doesNotMatch(text, /\[mandatory\]/);
  });

  it("the policy pack stops a preview that leaves data unprotected, and says what and why", async () => {
    const { code, text } = await pulumi(["preview", "--policy-pack", "policy"], target);
    assert.notEqual(code, 0);
    assert.match(text, /\[mandatory\]\s+protected\s+\(kubernetes:core\/v1:PersistentVolumeClaim: [^)]+\)/);
    assert.match(text, /holds data and is not protected; set protect/);
    const broken = new Set([...text.matchAll(/\[mandatory\]\s+(\S+)/g)].map(([, rule]) => rule));
    assert.deepEqual([...broken], ["protected"]);
  });
});
