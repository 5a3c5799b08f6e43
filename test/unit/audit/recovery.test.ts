/** Finding 10: what a recovery takes into a state, and what it never takes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, describe, it } from "mocha";
import type { CloudApi } from "../../../ops/lib/cloud/openstack.ts";
import { folderBucket } from "../../../ops/lib/state/backend/folder.ts";
import type { Deployment, StateResource } from "../../../ops/lib/state/deployment.ts";
import { candidatesOf } from "../../../ops/lib/state/recovery/candidates.ts";
import { otherStacks } from "../../../ops/lib/state/recovery/otherStacks.ts";
import { resolvePending } from "../../../ops/lib/state/recovery/pending.ts";
import { earliest } from "../../../ops/lib/state/recovery/recover.ts";
import { type Ownership, resolutionOf } from "../../../ops/lib/state/recovery/resolution.ts";
import { type Store } from "../../../ops/lib/state/store.ts";

const dir = mkdtempSync(path.join(tmpdir(), "orrery-audit-state-"));
const bucket = folderBucket(`file://${dir}`);
const store: Store = { name: "prod", file: "", url: `file://${dir}`, bucket, project: "orrery" };
const stateKey = ".pulumi/stacks/orrery/prod.json";

describe("what a recovery takes into the state", () => {
  beforeEach(async () => {
    rmSync(path.join(dir, ".pulumi"), { recursive: true, force: true });
    await bucket.write(stateKey, Buffer.from("first"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });
  const operation = {
    type: "creating",
    resource: { urn: "urn:u", custom: true, type: "openstack:networking/port:Port" },
  };
  const since = new Date("2026-01-01T12:00:00Z");
  const nobody: Ownership = { known: new Set(), ownerOf: () => undefined, unreadable: [], since };
  const [old, fresh] = ["2019-05-05T10:00:00Z", "2026-01-01T12:00:30Z"];
  const outcome = (time: string | undefined, more: Partial<Ownership> = {}, declared?: boolean) => {
    const { does, why } = resolutionOf(
      operation,
      [
        {
          id: "a",
          row: time === undefined ? {} : { created_at: time },
          ...(declared === undefined ? {} : { declared }),
        },
      ],
      { ...nobody, ...more },
    );
    return `${does}: ${why}`;
  };

  it("is not what is older than the update, and not what has no time", () => {
    assert.equal(outcome(fresh), "take: the cloud has it");
    assert.equal(outcome(old), "ask: what the cloud has is older than the update: a");
    assert.equal(outcome(undefined), "ask: the cloud does not say when it was made: a");
  });

  it("is nothing unasked when nothing says when the update began", () => {
    assert.equal(outcome(fresh, { since: undefined }), "ask: nothing says when the update began: a");
  });

  it("is never what another stack has, and nothing unasked while another stack's state cannot be read", () => {
    const ownerOf = (): string => "stage";
    assert.equal(outcome(fresh, { ownerOf }), "clear: the cloud has only what stack stage made");
    assert.equal(
      outcome(fresh, { unreadable: ["stage"] }),
      "ask: the state of stack stage cannot be read, and may have it: a",
    );
  });

  it("is limited by the earliest of lock, failed update and state, each alone too", () => {
    const time = (at: string | undefined) => ({ manifest: at === undefined ? {} : { time: at } });
    const at = (when: string) => [{ timestamp: when }];
    assert.equal(earliest(time(undefined), [], undefined), undefined);
    assert.equal(earliest(time("0001-01-01T00:00:00Z"), [], undefined), undefined, "Go's way to say none");
    assert.equal(earliest(time(fresh), [], undefined)?.toISOString(), "2026-01-01T12:00:30.000Z");
    assert.equal(earliest(time(fresh), at("2026-01-01T11:00:00Z"), since)?.toISOString(), "2026-01-01T11:00:00.000Z");
    assert.equal(earliest(time(fresh), [], since)?.toISOString(), since.toISOString());
  });

  it("is a keypair only with the declared public key", async () => {
    const keypairs = ["ssh-ed25519 AAAA ann@laptop", "ssh-ed25519 BBBB"].map((line, index) => ({
      keypair: { name: `key-${index}`, public_key: line },
    }));
    const cloud: CloudApi = { project: "p", roles: [], ends: [], get: <T>() => Promise.resolve({ keypairs } as T) };
    const declared = async (name: string, publicKey?: string): Promise<unknown> => {
      const found = await candidatesOf(cloud, "openstack:compute/keypair:Keypair", { name, publicKey });
      return found.map((one) => one.declared);
    };
    assert.deepEqual(await declared("key-0", "ssh-ed25519 AAAA\n"), [true], "comments do not count");
    assert.deepEqual(await declared("key-1", "ssh-ed25519 AAAA"), [false]);
    assert.deepEqual(await declared("key-1"), [false], "a key that Nova would make");
    assert.equal(outcome(undefined, {}, true), "take: the cloud has it");
    assert.equal(outcome(fresh, {}, false), "ask: what the cloud has by that name is not what is declared: a");
  });

  it("is an attachment by the two ids that it connects, though it has no time", async () => {
    const cloud: CloudApi = {
      project: "p",
      roles: [],
      ends: [],
      get: <T>() =>
        Promise.resolve({
          volumeAttachments: [
            { id: "v", volumeId: "v" },
            { id: "w", volumeId: "w" },
          ],
        } as T),
    };
    const inputs = { instanceId: "s", volumeId: "v" };
    const found = await candidatesOf(cloud, "openstack:compute/volumeAttach:VolumeAttach", inputs);
    assert.deepEqual(found.map(({ id, declared }) => [id, declared]), [["s/v", true]]); // prettier-ignore
  });

  describe("with other stacks in the same backend", () => {
    const type = "openstack:compute/keypair:Keypair";
    const provider = (stack: string, authUrl: string): StateResource => ({
      urn: `urn:pulumi:${stack}::orrery::pulumi:providers:openstack::lab`,
      type: "pulumi:providers:openstack",
      id: "p",
      inputs: { authUrl },
    });
    const keypair = (stack: string): StateResource => ({
      urn: `urn:pulumi:${stack}::orrery::${type}::key`,
      type,
      id: "hub-key",
      provider: `urn:pulumi:${stack}::orrery::pulumi:providers:openstack::lab::p`,
    });
    const put = (stack: string, resources: readonly StateResource[]): Promise<void> =>
      bucket.write(
        `.pulumi/stacks/orrery/${stack}.json`,
        Buffer.from(JSON.stringify({ version: 3, checkpoint: { stack, latest: { resources } } })),
      );

    it("asks each of them, and a name counts within its cloud", async () => {
      await put("stage", [provider("stage", "https://a.test"), keypair("stage")]);
      await put("prod", [keypair("prod")]);
      const others = await otherStacks(store);
      assert.equal(others.ownerOf(type, "hub-key", "https://a.test"), "stage");
      assert.equal(others.ownerOf(type, "hub-key", undefined), "stage");
      assert.equal(others.ownerOf(type, "hub-key", "https://b.test"), undefined);
      assert.equal(others.ownerOf("openstack:networking/port:Port", "hub-key", undefined), undefined);
      assert.deepEqual(others.unreadable, []);
    });

    it("names those whose state is damaged", async () => {
      await bucket.write(".pulumi/stacks/orrery/stage.json", Buffer.from('{"version":3,"checkp'));
      await bucket.write(".pulumi/stacks/orrery/prod.json.bak", Buffer.from("{"));
      assert.deepEqual((await otherStacks(store)).unreadable, ["stage"]);
    });

    it("refuses even an answer that takes another stack's resource", async () => {
      await put("stage", [keypair("stage")]);
      const resource = { urn: "urn:pulumi:prod::orrery::x", custom: true, type };
      const deployment: Deployment = { pending_operations: [{ type: "creating", resource }] };
      const answers = { take: new Map([[resource.urn, "hub-key"]]), clear: new Set<string>() };
      await assert.rejects(
        resolvePending(deployment, { since, answers, others: await otherStacks(store), values: { stack: "prod" } }),
        /^Error: hub-key is stack stage's and cannot be taken in, nothing was changed; .* pulumi state delete --stack stage$/,
      );
    });
  });
});
