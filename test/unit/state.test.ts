/** What is concluded about a stack's state; that it holds on real stores and clouds is shown on a lab. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { lockFinding } from "../../ops/doctor/toolchain.ts";
import { openBucket } from "../../ops/lib/state/backend/backend.ts";
import { parsePlugin } from "../../ops/lib/state/recovery/plugins.ts";
import { type Lock, locksOf, assertUnlocked } from "../../ops/lib/state/lock.ts";
import { s3Login, s3Place } from "../../ops/state/s3Bucket.ts";
import { signed } from "../../ops/state/signature.ts";
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

describe("the state of a stack", () => {
  it("is read from S3 by requests that are signed as AWS's own examples are", () => {
    const login = { accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
    const ask = (query: Record<string, string>): { url: string; headers: Readonly<Record<string, string>> } => {
      const request = { method: "GET", origin: "https://examplebucket.s3.amazonaws.com", path: "/", query } as const;
      return signed({ ...request, body: Buffer.alloc(0) }, login, "us-east-1", new Date("2013-05-24T00:00:00Z"));
    };
    const listed = ask({ prefix: "J", "max-keys": "2" });
    assert.equal(listed.url, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J");
    assert.match(
      listed.headers.authorization ?? "",
      /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
    );
    assert.match(
      ask({ lifecycle: "" }).headers.authorization ?? "",
      /Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/,
    );
  });

  it("is where the CLI's own URL says", () => {
    const place = s3Place("s3://team/orrery?endpoint=swift.test:8080&disableSSL=true&region=R", {});
    assert.deepEqual(place, {
      bucket: "team",
      prefix: "orrery/",
      origin: "http://swift.test:8080",
      region: "R",
      profile: "default",
    });
    assert.equal(s3Place("s3://team", { AWS_REGION: "eu" }).origin, "https://s3.eu.amazonaws.com");
    assert.throws(() => s3Place("s3://team", {}), /names no region/);
    assert.throws(() => openBucket("https://api.pulumi.com", {}), /works with a folder \(file:\/\/\) and with S3/);
  });

  it("is let in by AWS's variables or file", () =>
    inFolder((folder) => {
      const file = path.join(folder, "credentials");
      writeFileSync(file, "[a]\naws_access_key_id = 1\n[b]\naws_access_key_id=2\naws_secret_access_key=3\n");
      const env = { AWS_SHARED_CREDENTIALS_FILE: file };
      assert.deepEqual(s3Login("b", env), { accessKey: "2", secretKey: "3", sessionToken: undefined });
      assert.throws(() => s3Login("a", env), /no login for S3/);
      const login = s3Login("a", { ...env, AWS_ACCESS_KEY_ID: "4", AWS_SECRET_ACCESS_KEY: "5" });
      assert.deepEqual([login.accessKey, login.secretKey], ["4", "5"]);
      return Promise.resolve();
    }));

  it("is kept among the engine's own backups, the newest first", () =>
    inFolder(async (folder) => {
      const bucket = openBucket(`file://${folder}`);
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
      // Neither is a state; then a whole one that is older.
      assert.equal(await newestComplete(store), undefined);
      const whole = gzipSync('{"version":3,"checkpoint":{}}');
      await bucket.write(".pulumi/backups/orrery/prod/prod.1600000000000000000.json.gz", whole);
      assert.deepEqual((await newestComplete(store))?.bytes, whole);
      assert.equal(isComplete("prod.json", Buffer.from('{"version":3,"checkp')), false);
    }));

  it("is not touched while somebody holds it", () =>
    inFolder(async (folder) => {
      const bucket = openBucket(`file://${folder}`);
      const place = { bucket, project: "orrery", name: "prod" };
      const file = { pid: 1, username: "u", hostname: "runner-7", timestamp: "2026-01-02T03:04:05.6Z" };
      await bucket.write(".pulumi/locks/organization/orrery/prod/id.json", Buffer.from(JSON.stringify(file)));
      const [away, ...more] = await locksOf(place);
      assert.ok(away !== undefined && more.length === 0);
      assert.equal(away.holder, "elsewhere");
      const held =
        (holder: Lock["holder"], unlock = false) =>
        () => {
          assertUnlocked({ name: "prod" }, [{ ...away, holder }], unlock);
        };
      assert.throws(
        held("works", true),
        /prod is being updated by u@runner-7 since 2026-01-02T03:04:05Z \(process 1, /,
      );
      assert.throws(held("elsewhere"), /if no update runs, give --unlock$/);
      assert.doesNotThrow(held("elsewhere", true));
      assert.doesNotThrow(held("ended"));
      const level = (holder: Lock["holder"]): string => lockFinding("prod", { ...away, holder }).level;
      assert.deepEqual([level("works"), level("elsewhere"), level("ended")], ["warning", "warning", "problem"]);
    }));

  it("knows a plugin by its engine's port", () => {
    const folder = "/home/u/.pulumi/plugins/resource-openstack-v3.15.2/";
    assert.deepEqual(parsePlugin(` 12 ${folder}pulumi-resource-openstack 127.0.0.1:4711`), {
      pid: 12,
      name: "pulumi-resource-openstack",
      port: 4711,
    });
    assert.equal(parsePlugin("12 /usr/bin/pulumi up"), undefined);
  });
});
