/** Conclusions about a stack's state; live tests use real stores and clouds. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { lockFinding } from "../../ops/lib/doctor/toolchain.ts";
import { openBucket } from "../../ops/lib/state/backend/backend.ts";
import { parsePlugin } from "../../ops/lib/state/recovery/plugins.ts";
import { type Lock, locksOf, assertUnlocked } from "../../ops/lib/state/lock.ts";
import {
  backupsOf,
  isComplete,
  saveState,
  newestComplete,
  parseBackup,
  presentState,
} from "../../ops/lib/state/store.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-state-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the state commands", () => {
  it("a state is kept in a folder or in S3, and nowhere else", () =>
    assert.rejects(openBucket("https://api.pulumi.com"), /works with a folder \(file:\/\/\) and with S3/));

  it("the engine's own backups are listed, newest first", () =>
    inFolder(async (folder) => {
      const bucket = await openBucket(`file://${folder}`);
      const store = { name: "prod", file: "", url: "", bucket, project: "orrery" };
      assert.equal(await saveState(store), undefined);
      await bucket.write(".pulumi/stacks/orrery/prod.json.gz", Buffer.from("state"));
      const old = await saveState(store, 1_700_000_000_000);
      const name = await saveState(store, 1_800_000_000_123);
      await bucket.write(".pulumi/backups/orrery/prod/other.json", Buffer.from(""));
      assert.equal(name, "prod.1800000000123000000.json.gz");
      assert.deepEqual(
        (await backupsOf(store)).map((one) => one.name),
        [name, old],
      );
      assert.equal((await backupsOf(store))[0]?.time.getTime(), 1_800_000_000_123);
      assert.equal(readFileSync(path.join(folder, ".pulumi/backups/orrery/prod", name), "utf8"), "state");
      await bucket.remove(".pulumi/stacks/orrery/prod.json.gz");
      assert.equal(await presentState(store), undefined);
      assert.equal(parseBackup("x/prod.json", "prod"), undefined);
      // Two files that are not a state, then an older one that is.
      assert.equal(await newestComplete(store), undefined);
      const whole = gzipSync('{"version":3,"checkpoint":{}}');
      await bucket.write(".pulumi/backups/orrery/prod/prod.1600000000000000000.json.gz", whole);
      assert.deepEqual((await newestComplete(store))?.bytes, whole);
      assert.equal(isComplete("prod.json", Buffer.from('{"version":3,"checkp')), false);
    }));

  it("a locked state is not changed", () =>
    inFolder(async (folder) => {
      const bucket = await openBucket(`file://${folder}`);
      const place = { bucket, project: "orrery", name: "prod" };
      const file = { pid: 1, username: "u", hostname: "runner-7", timestamp: "2026-01-02T03:04:05.6Z" };
      await bucket.write(".pulumi/locks/organization/orrery/prod/id.json", Buffer.from(JSON.stringify(file)));
      const [away, ...more] = await locksOf(place);
      assert.ok(away !== undefined && more.length === 0);
      assert.equal(away.holder, "elsewhere");
      const asserted =
        (holder: Lock["holder"], unlock = false) =>
        () => {
          assertUnlocked({ name: "prod" }, [{ ...away, holder }], unlock);
        };
      assert.throws(
        asserted("works", true),
        /prod is being updated by u@runner-7 since 2026-01-02T03:04:05Z \(process 1, /,
      );
      assert.throws(asserted("elsewhere"), /if no update runs, give --unlock$/);
      assert.doesNotThrow(asserted("elsewhere", true));
      assert.doesNotThrow(asserted("ended"));
      const level = (holder: Lock["holder"]): string => lockFinding("prod", { ...away, holder }).level;
      assert.deepEqual([level("works"), level("elsewhere"), level("ended")], ["warning", "warning", "problem"]);
    }));

  it("a plugin is recognised by its engine's port", () => {
    const folder = "/home/u/.pulumi/plugins/resource-openstack-v3.15.2/";
    assert.deepEqual(parsePlugin(` 12 ${folder}pulumi-resource-openstack 127.0.0.1:4711`), {
      pid: 12,
      name: "pulumi-resource-openstack",
      port: 4711,
    });
    assert.equal(parsePlugin("12 /usr/bin/pulumi up"), undefined);
  });
});
