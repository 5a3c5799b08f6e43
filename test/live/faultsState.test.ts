/** A machine that fails under the engine: its disk is full, or the engine is killed (docs/faults.md). By name: `npm run test:faults`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { after, afterEach, beforeEach, describe, it } from "mocha";
import { lab } from "../../lab/harness/cloud.ts";
import { crashedUp } from "./crash.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import { drawn } from "./faults/settings.ts";
import { FaultStack, makeFlavors } from "./faults/stack.ts";

const plain = drawn(0, []);

describe("faults of the machine that runs the engine", function () {
  this.timeout(900_000);
  const disk = mkdtempSync(path.join(lab.dir, "disk-"));
  const filler = path.join(disk, "filler");
  let stack: FaultStack;
  let opened = 0;
  /** A hub that stands, whose state is on a small disk. */
  beforeEach(async () => {
    if (opened === 0) execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk]);
    await makeFlavors();
    const env = { PULUMI_BACKEND_URL: `file://${disk}` };
    const mark = `faults-disk${process.env.ORRERY_MARK ?? ""}-${opened++}`;
    stack = await FaultStack.open({ kind: "hub", mark }, plain, env);
    const made = await stack.up();
    assert.equal(made.code, 0, made.text);
    await stack.isWhole();
  });
  afterEach(async () => {
    rmSync(filler, { force: true });
    await stack.close();
  });
  after(() => {
    if (opened > 0) execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  it("an update recovers when the disk was full as it saved the state", async () => {
    stack.write({ ...plain, second: true, packer: true, size: 2 });
    // The engine saves after each step, as people's runs do.
    const up = await pulumi(["up", "--yes", "--skip-preview"], stack.system.target, (text) => {
      if (/openstack:\S+ \S+ created \(/.test(text) && !existsSync(filler)) fill(filler);
      return false;
    });
    assert.notEqual(up.code, 0);
    assert.match(up.text, /no space left on device/);
    rmSync(filler);
    // The engine wrote over the state what found no room.
    const { code, stderr } = await stack.system.opsOf("state", ["restore", "--yes"]);
    assert.equal(code, 0, stderr);
    assert.match(await stack.heals({ text: up.text, killed: true }), /^recover( \(\d+ taken in\))?, up$/);
    await stack.isWhole();
    await stack.system.assertNoChanges();
  });

  it("an update recovers when engine and plugins were killed (kill -9) as a server was replaced", async () => {
    stack.write({ ...plain, rebuildToken: "killed" });
    const text = await crashedUp(stack.system.target, { creating: 1, delay: 2000, whole: true });
    assert.notEqual(text, undefined, "it came to its end before");
    // On a busy machine the engine had not asked the cloud for the new server yet.
    assert.match(await stack.heals({ text: text ?? "", killed: true }), /^recover( \(1 taken in\))?, up$/);
    await stack.isWhole();
    await stack.system.assertNoChanges();
  });
});

/** Takes every byte that the file's disk has left. */
function fill(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size));
      } catch {
        // the next smaller piece may fit
      }
    }
  } finally {
    closeSync(handle);
  }
}
