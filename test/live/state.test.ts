/** A stack's state as teams keep it, in an object store by S3's API: locked, backed up with every update, and restored. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, before, describe, it } from "mocha";
import { openstackApi } from "../../lab/openstack/api.ts";
import { orphans } from "./census.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import { namespace, openStateStack, state } from "./stateStack.ts";
import type { SystemOnLab } from "../../lab/harness/system.ts";
import { untilItAsks } from "./terminal.ts";

const cloud = openstackApi(lab);

interface Status {
  readonly resources: number;
  readonly locks: readonly { readonly holder: string; readonly hostname: string }[];
  readonly kept: boolean;
  readonly newest?: string;
}

describe("a stack's state in an object store", function () {
  this.timeout(600_000);
  let stack: SystemOnLab;
  let object: string;
  before(async () => {
    stack = await openStateStack();
    object = `/pulumi-state/.pulumi/stacks/orrery/${stack.target.stack}.json`;
  });
  after(() => stack.close(namespace));

  const status = async (): Promise<Status> => {
    const { stdout, stderr } = await state(stack, "status", "--json");
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout) as Status;
  };
  const previewsNoChange = async (): Promise<void> => {
    const { code, text } = await pulumi(["preview", "--expect-no-changes"], stack.target);
    assert.equal(code, 0, text);
  };

  it("of two concurrent ups one works, the other learns who holds the lock, and nothing is lost", async () => {
    const first = stack.up();
    await eventually("the first one's lock", status, ({ locks }) =>
      locks.some((lock) => lock.holder === "works" && lock.hostname === hostname()),
    );
    const second = await pulumi(["up", "--yes", "--skip-preview"], stack.target);
    assert.notEqual(second.code, 0);
    assert.match(second.text, /error: the stack is currently locked by 1 lock\(s\)\. Either wait .* `pulumi cancel`\./);
    assert.match(
      second.text,
      new RegExp(`s3://pulumi-state\\S*/.pulumi/locks/.*: created by .*@${hostname()} \\(pid \\d+\\) at `),
    );
    const recover = await state(stack, "recover");
    assert.equal(recover.code, 1);
    assert.match(recover.stderr, /^orrery: stack \S+ is being updated by .*; wait for its end: nothing was done\n$/);
    const done = await first;
    assert.equal(done.code, 0, done.text);
    await stack.assertDeployed();
    assert.deepEqual(await orphans(lab, await stack.resources(), [namespace]), []);
    await stack.assertNoChanges();
    assert.deepEqual((await status()).locks, []);
  });

  it("the engine backs up the state with every update, so that the one before an up can be restored", async () => {
    const before = await status();
    assert.equal(before.kept, true);
    const size = ["callysto:settings", "environments", "hub-ci", "volumes", "size"];
    await stack.with([[size, 2]], async () => {
      const grown = await stack.up();
      assert.equal(grown.code, 0, grown.text);
    });
    const after = await status();
    assert.deepEqual([after.kept, after.newest === before.newest], [true, false]);
    const listed = JSON.parse((await state(stack, "backups", "--json")).stdout) as { name: string }[];
    assert.ok(
      listed.some(({ name }) => name === before.newest),
      JSON.stringify(listed),
    );
  });

  it("a deleted or damaged state is restored, and the program then changes nothing", async () => {
    const size = ["callysto:settings", "environments", "hub-ci", "volumes", "size"];
    await stack.with([[size, 2]], async () => {
      await cloud.delete("object", object);
      assert.match((await pulumi(["preview"], stack.target)).text, /no stack named/);
      const status = await state(stack, "status");
      assert.match(
        status.stderr,
        /^orrery: s3:\S+ has no state of stack \S+; npm run ops -- state backups lists .*\n$/,
      );
      const restored = await state(stack, "restore", "--yes");
      assert.equal(restored.code, 0, restored.stderr);
      await previewsNoChange();

      const whole = await (await cloud.request("object", object)).text();
      await cloud.request("object", object, { method: "PUT", body: whole.slice(0, whole.length / 2) });
      assert.notEqual((await pulumi(["preview"], stack.target)).code, 0);
      const again = await state(stack, "restore", "--yes");
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /the state before is saved as \S+/);
      await previewsNoChange();
    });
  });

  it("while restore and recover hold the lock in the bucket, an up is refused by the engine", async () => {
    const { stack: name, file, env = {} } = stack.target;
    const refusal = /currently locked by 1 lock\(s\)[^]*created by .* \(pid \d+\) at /;
    const size = ["callysto:settings", "environments", "hub-ci", "volumes", "size"];
    const update = () => pulumi(["up", "--yes", "--skip-preview"], stack.target);
    await stack.with([[size, 2]], async () => {
      const restore = await untilItAsks(["state", "restore", "--stack", name, "--config-file", file], env);
      try {
        assert.match((await update()).text, refusal);
      } finally {
        assert.equal(await restore.type("n\r"), 1, restore.said());
      }
      const recovered = state(stack, "recover");
      await eventually("the lock", status, ({ locks }) => locks.some(({ holder }) => holder === "works"));
      assert.match((await update()).text, refusal);
      const { code, stderr } = await recovered;
      assert.equal(code, 0, stderr);
      assert.deepEqual((await status()).locks, []);
      assert.equal((await status()).kept, true);
      await previewsNoChange();
    });
  });

  it("a state that is changed by a command is backed up by it", async () => {
    const [rule] = (await stack.resources()).filter(({ type }) => type.endsWith(":SecGroupRule"));
    const { newest } = await status();
    const forgotten = await pulumi(["state", "delete", rule?.urn ?? "", "--yes"], stack.target);
    assert.equal(forgotten.code, 0, forgotten.text);
    assert.equal((await status()).kept, false);
    assert.equal((await state(stack, "backup")).code, 0);
    assert.equal((await status()).kept, true);
    const restored = await state(stack, "restore", newest ?? "", "--yes");
    assert.equal(restored.code, 0, restored.stderr);
    assert.ok((await stack.resources()).some(({ urn }) => urn === rule?.urn));
  });

  it("an impossible request is refused in one line", async () => {
    const elsewhere = {
      ...stack.target.env,
      PULUMI_BACKEND_URL: `s3://nowhere?region=RegionOne&endpoint=http://127.0.0.1:${lab.ports.rndc}&s3ForcePathStyle=true`,
    };
    for (const [words, env, expected] of [
      [["restore", "none.json"], {}, /^orrery: s3:\S+ has no backup none\.json of stack .*\n$/],
      [
        ["recover"],
        { PULUMI_CONFIG_PASSPHRASE: "wrong" },
        /^orrery: PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack .*\n$/,
      ],
      [["status"], elsewhere, /^orrery: the backend cannot be reached: .*\n$/],
    ] as const) {
      const { code, stderr } = await stack.opsOf("state", words, env);
      assert.notEqual(code, 0);
      assert.match(stderr, expected);
    }
  });
});
