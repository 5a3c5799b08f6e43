import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { driftRow, rememberDrift } from "../../../ops/lib/status/collectors/drift.ts";
import { type Compare, DriftWatch } from "../../../ops/lib/status/driftWatch.ts";

const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 24, hour));

describe("looking for drift now and then", () => {
  let dir = "";
  let file = "";
  let begun = 0;
  let finish: () => void = () => undefined;
  const compare: Compare = (_stack, _file, signal) => {
    begun += 1;
    return new Promise((resolve) => {
      finish = () => {
        resolve({ level: "warning", about: "drift", text: "changed outside the program: 1 update", fix: "look" });
      };
      signal?.addEventListener("abort", finish);
    });
  };
  /** Lets what was begun get to its end. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "drift-"));
    file = path.join(dir, "stack.yaml");
    begun = 0;
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it("a comparison begins when the last one is old enough, and none while one runs", async () => {
    rememberDrift(file, { level: "ok", about: "drift", text: "none" }, at(1));
    const watch = new DriftWatch("prod", file, 6 * 3600, false, compare);
    watch.begin(at(2));
    assert.equal(begun, 0, "what was found an hour ago is still good");
    watch.begin(at(7));
    watch.begin(at(14));
    assert.equal(begun, 1);
    assert.equal(driftRow(file, at(8)).state, "ok", "until then the last result counts");
    finish();
    await settle();
    assert.deepEqual(driftRow(file, at(8)), {
      ...{ system: "stack", part: "drift", state: "warn" },
      text: "changed outside the program: 1 update; looked for 60 min ago",
    });
    watch.begin(at(12));
    assert.equal(begun, 1);
    watch.begin(at(13));
    assert.equal(begun, 2);
    await watch.end();
  });

  it("--drift does not wait for the first one", async () => {
    rememberDrift(file, { level: "ok", about: "drift", text: "none" }, at(1));
    const watch = new DriftWatch("prod", file, 6 * 3600, true, compare);
    watch.begin(at(2));
    assert.equal(begun, 1);
    await watch.end();
  });

  it("the end ends a comparison, whose half result is not remembered, and begins no other", async () => {
    const watch = new DriftWatch("prod", file, 60, false, compare);
    watch.begin(at(1));
    await watch.end();
    watch.begin(at(3));
    assert.equal(begun, 1);
    assert.equal(driftRow(file, at(3)).state, "unknown");
  });

  it("one that could not be made is tried again after the interval only", async () => {
    let tries = 0;
    const broken = new DriftWatch("prod", file, 3600, false, () => {
      tries += 1;
      return Promise.reject(new Error("pulumi is not installed"));
    });
    for (const hour of [1, 1, 2]) {
      broken.begin(at(hour));
      await settle();
    }
    assert.equal(tries, 2);
  });
});
