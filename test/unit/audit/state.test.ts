/** Findings 9 and 10, and backups of finding 8: who may write a state, and what may come into it. The engine's side: test/live/stateLock.test.ts. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, beforeEach, describe, it } from "mocha";
import { newSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { folderBucket } from "../../../ops/lib/state/backend/folder.ts";
import { whileHeld } from "../../../ops/lib/state/heldState.ts";
import { locksOf, removeEndedLocks } from "../../../ops/lib/state/lock.ts";
import { type Here, holderOf, ownRecord, type ProcessRecord } from "../../../ops/lib/state/lockHolder.ts";
import { assertOwnKey } from "../../../ops/lib/state/opens.ts";
import { saveState, type Store } from "../../../ops/lib/state/store.ts";
import { withWorkingCopy } from "../../../ops/lib/state/workingCopy.ts";

const dir = mkdtempSync(path.join(tmpdir(), "orrery-audit-state-"));
const bucket = folderBucket(`file://${dir}`);
const store: Store = { name: "prod", file: "", url: `file://${dir}`, bucket, project: "orrery" };
const stateKey = ".pulumi/stacks/orrery/prod.json";
const locks = ".pulumi/locks/organization/orrery/prod";
const lockFiles = (): readonly string[] =>
  existsSync(path.join(dir, locks)) ? readdirSync(path.join(dir, locks)) : [];
const stateText = (): string => readFileSync(path.join(dir, stateKey), "utf8");

/** A lock as the engine writes it. */
async function engineLock(more: object = {}): Promise<string> {
  const key = `${locks}/${randomUUID()}.json`;
  const file = { pid: 1, username: "ann", hostname: "laptop", timestamp: "2026-01-02T03:04:05.6Z", ...more };
  await bucket.write(key, Buffer.from(JSON.stringify(file)));
  return key;
}

/** A backend with one state for each test of a suite, and for no other's. */
function useBackend(): void {
  beforeEach(async () => {
    rmSync(path.join(dir, ".pulumi"), { recursive: true, force: true });
    await bucket.write(stateKey, Buffer.from("first"));
  });
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });
}

describe("the lock of a command that writes the state", () => {
  useBackend();
  it("stands in the engine's folder and format for the whole time, and is gone at the end", async () => {
    await whileHeld(store, false, () => {
      const [file = "", ...more] = lockFiles();
      assert.deepEqual(more, []);
      assert.match(file, /^[0-9a-f-]{36}\.json$/);
      const lock = JSON.parse(readFileSync(path.join(dir, locks, file), "utf8")) as Record<string, unknown>;
      assert.equal(lock.pid, process.pid);
      for (const field of ["username", "hostname"]) assert.equal(typeof lock[field], "string", field);
      assert.match(String(lock.timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
      return Promise.resolve();
    });
    assert.deepEqual(lockFiles(), []);
  });

  it("is gone when the command fails", async () => {
    await assert.rejects(
      whileHeld(store, false, () => Promise.reject(new Error("no room"))),
      { message: "no room" },
    );
    assert.deepEqual(lockFiles(), []);
  });

  it("is refused to a second command, which learns who holds it", () =>
    whileHeld(store, false, async () => {
      const second = whileHeld(store, true, () => Promise.resolve());
      await assert.rejects(second, new RegExp(`prod is being updated by .* \\(process ${process.pid}, which works\\)`));
      assert.equal(lockFiles().length, 1);
    }));

  it("is refused while another machine holds the stack, unless it is told that nothing runs there", async () => {
    const key = await engineLock();
    await assert.rejects(
      whileHeld(store, false, () => Promise.resolve()),
      /locked by ann@laptop .* give --unlock$/,
    );
    const stale = await whileHeld(store, true, async (held) => {
      await held.removeStale();
      return held.stale;
    });
    assert.deepEqual([stale.map((lock) => lock.key), lockFiles()], [[key], []]);
  });

  it("is given up when an update takes its own at the same moment", async () => {
    const racing = { ...bucket };
    racing.write = async (key, bytes) => {
      await bucket.write(key, bytes);
      if (key.startsWith(locks)) await engineLock();
    };
    await assert.rejects(
      whileHeld({ ...store, bucket: racing }, false, () => Promise.resolve()),
      /locked at the same moment by ann@laptop .*: nothing was done$/,
    );
    assert.equal(lockFiles().length, 1, "the other's alone");
  });

  it("is not a file that cannot be read: one message names it and the way out", async () => {
    for (const text of ["", "[]", "{}", "null", '{"pid":"x"}']) {
      await bucket.write(`${locks}/odd.json`, Buffer.from(text));
      await assert.rejects(
        locksOf(store),
        /^Error: \S+\/odd\.json is not a lock that can be read: .* npx pulumi cancel/,
      );
    }
  });

  describe("in a command of its own", function () {
    const script = `
      import { folderBucket } from "./ops/lib/state/backend/folder.ts";
      import { whileHeld } from "./ops/lib/state/heldState.ts";
      const store = ${JSON.stringify({ name: "prod", file: "", url: "", project: "orrery" })};
      await whileHeld({ ...store, bucket: folderBucket("file://${dir}") }, false, () => {
        console.log("held");
        return new Promise(() => setInterval(() => undefined, 1000));
      });`;
    const start = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { cwd: projectDir });
      await once(createInterface({ input: child.stdout }), "line");
      assert.equal(lockFiles().length, 1);
      return child;
    };

    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      it(`is released when ${signal} ends the command`, async () => {
        const child = await start();
        child.kill(signal);
        assert.deepEqual(await once(child, "exit"), [code, null]);
        assert.deepEqual(lockFiles(), []);
      });
    }

    it("remains after kill -9 as one whose holder has ended, and the next command goes on", async () => {
      const child = await start();
      child.kill("SIGKILL");
      await once(child, "exit");
      assert.deepEqual((await locksOf(store)).map(({ holder }) => holder), ["ended"]); // prettier-ignore
      await whileHeld(store, false, (held) => held.removeStale());
      assert.deepEqual(lockFiles(), []);
    });
  });

  it("is removed by who takes an interrupted command back only if its holder has ended, and not if it is older", async () => {
    const began = "2026-01-02T03:00:00Z";
    const ended = { pid: spawnSync("true").pid, hostname: hostname() };
    const away = await engineLock();
    const older = await engineLock({ ...ended, timestamp: "2026-01-02T02:59:00Z" });
    await engineLock(ended);
    await removeEndedLocks(store, began);
    assert.deepEqual((await locksOf(store)).map(({ key }) => key).toSorted(), [away, older].toSorted());
  });
});

describe("the state that a command writes", () => {
  useBackend();
  it("is not written over one that changed since it was read, even though that took no lock", async () => {
    const wrote = whileHeld(store, false, async (held) => {
      await bucket.write(stateKey, Buffer.from("another's"));
      await held.write(stateKey, Buffer.from("ours"));
    });
    await assert.rejects(wrote, /the state of stack prod is not the one that was read: .*run this again$/);
    assert.deepEqual([stateText(), lockFiles()], ["another's", []]);
  });

  it("is not written over one that appeared since there was none", async () => {
    await bucket.remove(stateKey);
    const wrote = whileHeld(store, false, async (held) => {
      await bucket.write(stateKey, Buffer.from("another's"));
      await held.write(stateKey, Buffer.from("ours"));
    });
    await assert.rejects(wrote, /is not the one that was read/);
    assert.equal(stateText(), "another's");
  });

  it("is not written once somebody removed the lock", async () => {
    const wrote = whileHeld(store, false, async (held) => {
      rmSync(path.join(dir, locks), { recursive: true });
      await held.write(stateKey, Buffer.from("ours"));
    });
    await assert.rejects(wrote, /the lock of stack prod that this command held was removed \(pulumi cancel\?\)/);
    assert.equal(stateText(), "first");
  });

  it("is written several times by one command, and takes the place of one that is compressed otherwise", async () => {
    await whileHeld(store, false, async (held) => {
      await held.write(stateKey, Buffer.from("second"));
      await held.write(`${stateKey}.gz`, Buffer.from("third"));
    });
    assert.deepEqual(await bucket.list(".pulumi/stacks"), [`${stateKey}.gz`]);
  });

  it("comes from a private copy, which the engine changes, with the engine's records", async () => {
    const seen: string[] = [];
    await whileHeld(store, false, (held) =>
      withWorkingCopy(store, held, async ({ copy, push }) => {
        const folder = copy.url.slice("file://".length);
        seen.push(folder);
        assert.equal(copy.engine?.env?.PULUMI_BACKEND_URL, copy.url);
        assert.deepEqual(await locksOf(copy), [], "the engine may lock its copy");
        await copy.bucket.write(stateKey, Buffer.from("refreshed"));
        await copy.bucket.write(".pulumi/history/orrery/prod/prod-1.history.json", Buffer.from("{}"));
        assert.equal(stateText(), "first");
        await push();
      }),
    );
    assert.equal(stateText(), "refreshed");
    assert.deepEqual(await bucket.list(".pulumi/history"), [".pulumi/history/orrery/prod/prod-1.history.json"]);
    assert.equal(existsSync(seen[0] ?? "/"), false, "the copy is removed");
  });

  it("is saved as it was read", async () => {
    const name = await whileHeld(store, false, async (held) => {
      await bucket.write(stateKey, Buffer.from("another's"));
      return saveState(store, 1_800_000_000_000, held.present);
    });
    assert.equal(readFileSync(path.join(dir, ".pulumi/backups/orrery/prod", name ?? ""), "utf8"), "first");
  });
});

describe("the holder of a lock", () => {
  useBackend();
  const engine: ProcessRecord = { pids: [4711, 7], command: "/home/ann/.pulumi/bin/pulumi up", start: "99" };
  const here = (more: Partial<Here> = {}): Here => ({
    hostname: "runner",
    table: "boot-1 pid:[4026531836]",
    contained: false,
    processes: () => Promise.resolve([engine]),
    ...more,
  });
  const lock = (pid: number, more: object = {}) => ({ pid, hostname: "runner", ...more });

  it("is elsewhere on a machine of another name", async () => {
    assert.equal(await holderOf(lock(4711, { hostname: "laptop" }), here()), "elsewhere");
  });

  it("works while a process of its number is an engine, in a container of this machine too", async () => {
    assert.deepEqual([await holderOf(lock(4711), here()), await holderOf(lock(7), here())], ["works", "works"]);
  });

  it("has ended when no process of its machine is it", async () => {
    assert.equal(await holderOf(lock(12), here()), "ended");
    const other = here({ processes: () => Promise.resolve([{ ...engine, command: "/usr/bin/vim" }]) });
    assert.equal(await holderOf(lock(4711), other), "ended");
  });

  it("is not taken for dead from inside a container, which does not see those of the same host name", async () => {
    assert.equal(await holderOf(lock(12), here({ contained: true })), "elsewhere");
  });

  it("is told by boot, process namespace and start where Orrery took the lock", async () => {
    const exact = (table: string, start: string) => holderOf(lock(4711, { table, start }), here({ contained: true }));
    assert.equal(await exact("boot-1 pid:[4026531836]", "99"), "works");
    assert.equal(await exact("boot-1 pid:[4026531836]", "98"), "ended", "the number was given out again");
    assert.equal(await exact("boot-2 pid:[4026531836]", "99"), "elsewhere");
    assert.equal(await exact("boot-1 pid:[4026532999]", "99"), "elsewhere");
    assert.equal(await holderOf(ownRecord()), "works", "this process");
  });
});

describe("a backup", function () {
  useBackend();
  const salt = newSalt(samplePassphrase("prod"));
  const bytesOf = (latest: object): Buffer => Buffer.from(JSON.stringify({ version: 3, checkpoint: { latest } }));
  const check = (bytes: Buffer) => () => {
    assertOwnKey(store, "backup b.json", { key: "b.json", bytes });
  };
  const encrypted = (state: object) => bytesOf({ secrets_providers: { type: "passphrase", state } });
  const variables = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"];
  const withPassphrase = (passphrase: string | undefined, work: () => void): void => {
    const saved = variables.map((name) => [name, process.env[name]] as const);
    for (const name of variables) Reflect.deleteProperty(process.env, name);
    if (passphrase !== undefined) process.env.PULUMI_CONFIG_PASSPHRASE = passphrase;
    try {
      work();
    } finally {
      for (const [name, value] of saved) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
  };

  it("that the present passphrase opens is used", () => {
    withPassphrase(undefined, () => {
      assert.doesNotThrow(check(encrypted({ salt })));
      assert.doesNotThrow(check(bytesOf({ resources: [] })), "one without secrets");
    });
  });

  it("that the present passphrase does not open is refused before anything is written", () => {
    withPassphrase("a new one", () => {
      assert.throws(
        check(encrypted({ salt })),
        /^Error: backup b\.json was encrypted with another passphrase, PULUMI_CONFIG_PASSPHRASE does not open it; nothing was changed: /,
      );
    });
    withPassphrase(undefined, () => {
      assert.throws(check(encrypted({ salt: newSalt("x") })), /the published passphrase does not open it/);
      assert.throws(check(encrypted({})), /does not open it; nothing was changed/);
    });
  });

  it("of another stack, and one that is damaged, is refused in one message", () => {
    const resource = { urn: "urn:pulumi:stage::orrery::pulumi:pulumi:Stack::orrery-stage", type: "" };
    assert.throws(check(bytesOf({ resources: [resource] })), {
      message: "backup b.json is not of stack prod: it has resources of stage::orrery; nothing was changed",
    });
    for (const text of ["", "{}", "null", '{"version":3,"checkp']) {
      assert.throws(check(Buffer.from(text)), {
        message: "backup b.json is not a complete state; nothing was changed",
      });
    }
  });
});
