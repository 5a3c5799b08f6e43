/** Real nodes on a machine with control groups of version 2: Debian's kernel in qemu, with this machine's files. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { lab } from "../../lab/harness/cloud.ts";
import { cacheDir, root } from "../../lab/settings.ts";
import { inGuest } from "./guest/guest.ts";

/** The suite in the guest, with this run's Node and caches. */
const suite = `
  set -e
  cd '${root}'
  export HOME='${process.env.HOME ?? "/root"}' PATH='${process.env.PATH ?? ""}'
  export ORRERY_CACHE='${cacheDir}' ORRERY_LAB='${lab.dir}' ORRERY_PORTS=${lab.firstPort}
  node node_modules/mocha/bin/mocha.js --no-config --no-color --exit --reporter test/reporter.cjs \\
    --require ./test/start.mjs test/live/podsGroups.test.ts`;

describe("a machine with control groups of version 2", function () {
  this.timeout(3_600_000);

  it("holds containers to their limits, counts what they take, and ends those that take too much", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-guest-"));
    try {
      const text = await inGuest(suite, dir, 50);
      assert.match(text, /^ *control groups of version 2$/m);
      assert.match(text, /^6 passed, 0 failed$/m);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
