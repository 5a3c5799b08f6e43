/** Findings 8, 9 and 10 with the real CLI on a folder as backend; needs the toolchain, no cloud. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { projectDir, projectName, readStackFile, stackPath } from "../../config/stackFile.ts";
import { initStack, type Outcome, pulumi, type Target } from "../../lab/harness/engine.ts";
import { run, type Ran } from "../../ops/lib/process.ts";
import { type Asking, untilItAsks } from "./terminal.ts";

const name = "state-lock";
const passphrase = samplePassphrase("test");
const urn = (type: string, of: string, stack = name): string => `urn:pulumi:${stack}::${projectName()}::${type}::${of}`;
const stackUrn = urn("pulumi:pulumi:Stack", `${projectName()}-${name}`);

describe("a state that the engine may write too", function () {
  this.timeout(300_000);
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-state-lock-"));
  const file = path.join(dir, `Pulumi.${name}.yaml`);
  const target: Target = {
    stack: name,
    file,
    env: { PULUMI_BACKEND_URL: `file://${dir}`, PULUMI_CONFIG_PASSPHRASE: passphrase },
  };
  const at = (...words: readonly string[]): string => path.join(dir, ".pulumi", ...words);
  const stateFile = at("stacks", projectName(), `${name}.json`);
  const backups = at("backups", projectName(), name);
  const locks = (): readonly string[] => {
    const folder = at("locks", "organization", projectName(), name);
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  let salt = "";
  let whole = "";
  const children: ChildProcess[] = [];
  const asked: Asking[] = [];

  /** A state as the engine exports it. */
  const deployment = (more: object = {}, resources: readonly object[] = []): object => ({
    manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
    secrets_providers: { type: "passphrase", state: { salt } },
    resources: [{ urn: stackUrn, custom: false, type: "pulumi:pulumi:Stack" }, ...resources],
    ...more,
  });
  /** Of a resource that lives in the state only, so that no cloud is asked. */
  const interrupted = (): readonly object[] => {
    const type = "random:index/randomPet:RandomPet";
    return [{ type: "creating", resource: { urn: urn(type, "pet"), custom: true, type, parent: stackUrn } }];
  };
  /** Writes a backup as the engine does. */
  const backup = (second: number, latest: object): string => {
    const one = `${name}.${second}000000000.json`;
    writeFileSync(path.join(backups, one), JSON.stringify({ version: 3, checkpoint: { stack: name, latest } }));
    return one;
  };
  const ops = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    run(process.execPath, ["cli/orrery.ts", "state", ...words, "--stack", name, "--config-file", file], {
      cwd: projectDir,
      env: { ...target.env, ...env },
    });
  /** A restore that asks. */
  const asking = async (): Promise<Asking> => {
    const one = await untilItAsks(["state", "restore", "--stack", name, "--config-file", file], target.env ?? {});
    asked.push(one);
    return one;
  };

  before(async () => {
    copyFileSync(stackPath("test"), file);
    salt = readStackFile(file).encryptionSalt ?? "";
    await initStack(target);
    const exported = path.join(dir, "import.json");
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const ciphertext = openSalt(salt, passphrase).encrypt('"kept"');
    const [stack] = (deployment() as { resources: readonly object[] }).resources;
    const resources = [{ ...stack, outputs: { text: { ...secret, ciphertext } } }];
    writeFileSync(exported, JSON.stringify({ version: 3, deployment: deployment({ resources }) }));
    const imported = await pulumi(["stack", "import", "--file", exported], target);
    assert.equal(imported.code, 0, imported.text);
    whole = readFileSync(stateFile, "utf8");
  });
  beforeEach(async () => {
    rmSync(backups, { recursive: true, force: true });
    writeFileSync(stateFile, whole);
    const saved = await ops(["backup"]);
    assert.equal(saved.status, 0, saved.stderr);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    for (const one of asked.splice(0)) one.kill();
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  const refused = ({ code, text }: Outcome): void => {
    assert.notEqual(code, 0);
    assert.match(
      text,
      new RegExp(`currently locked by 1 lock\\(s\\)[^]*created by .*@${hostname()} \\(pid \\d+\\) at `),
    );
  };

  it("is refused to every command of the engine while restore waits for the answer, and is free after a no", async () => {
    const restore = await asking();
    refused(await pulumi(["up", "--yes", "--skip-preview"], target));
    refused(await pulumi(["refresh", "--yes", "--skip-preview"], target));
    refused(await pulumi(["stack", "import", "--file", path.join(dir, "import.json")], target));
    const second = await ops(["restore", "--yes"]);
    assert.equal(second.status, 1);
    assert.match(
      second.stderr,
      /^orrery: stack state-lock is being updated by .*; wait for its end: nothing was done\n$/,
    );
    assert.equal(await restore.type("n\r"), 1, restore.said());
    assert.deepEqual(locks(), []);
    assert.equal(readFileSync(stateFile, "utf8"), whole);
  });

  for (const [title, keys, code] of [
    ["Ctrl-C", "\x03", 130],
    ["Ctrl-D", "\x04", 1],
  ] as const) {
    it(`is free after ${title} at the question`, async () => {
      const restore = await asking();
      assert.equal(await restore.type(keys), code, restore.said());
      assert.deepEqual(locks(), []);
      assert.equal(readFileSync(stateFile, "utf8"), whole);
    });
  }

  it("is restored after a yes, but not over what appeared while it asked", async () => {
    const restore = await asking();
    const changed = whole.replace("2026-01-01", "2026-01-02");
    writeFileSync(stateFile, changed); // by somebody who asks no lock, e.g. pulumi cancel and up
    assert.equal(await restore.type("y\r"), 1, restore.said());
    assert.match(restore.said(), /the state of stack state-lock is not the one that was read/);
    assert.equal(readFileSync(stateFile, "utf8"), changed);
    const again = await asking();
    assert.equal(await again.type("y\r"), 0, again.said());
    assert.equal(readFileSync(stateFile, "utf8"), whole);
    assert.deepEqual(locks(), []);
  });

  it("is not replaced by a backup that cannot be used: one message says why, and nothing is written", async () => {
    const foreign = {
      urn: urn("pulumi:pulumi:Stack", "orrery-other", "other"),
      custom: false,
      type: "pulumi:pulumi:Stack",
    };
    const child = { urn: urn("a:b:C", "child"), custom: false, type: "a:b:C", parent: urn("a:b:C", "nobody") };
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const ciphertext = openSalt(newSalt("x"), "x").encrypt('"lost"');
    const sealed = {
      urn: urn("a:b:C", "sealed"),
      custom: false,
      type: "a:b:C",
      outputs: { text: { ...secret, ciphertext } },
    };
    const other = { secrets_providers: { type: "passphrase", state: { salt: newSalt("former") } } };
    const cases = [
      [
        deployment(other),
        /backup \S+ was encrypted with another passphrase, PULUMI_CONFIG_PASSPHRASE does not open it/,
      ],
      [deployment({}, [foreign]), /backup \S+ is not of stack state-lock: it has resources of other::orrery/],
      [deployment({}, [child]), /the engine cannot use backup \S+: .*nobody/],
      [deployment({}, [sealed]), /the engine cannot use backup \S+: /],
      [deployment({ secrets_providers: { type: "none of ours", state: {} } }), /the engine cannot use backup \S+: /],
    ] as const;
    for (const [index, [latest, expected]] of cases.entries()) {
      const chosen = backup(1_900_000_000 + index, latest);
      const { status, stderr, stdout } = await ops(["restore", chosen, "--yes"]);
      assert.equal(status, 1, stdout);
      assert.match(stderr, expected);
      assert.match(stderr, /^orrery: [^\n]*nothing was changed[^\n]*\n$/);
      assert.equal(readFileSync(stateFile, "utf8"), whole);
    }
    writeFileSync(path.join(backups, `${name}.1900000009000000000.json`), whole.slice(0, whole.length / 2));
    const half = await ops(["restore", `${name}.1900000009000000000.json`, "--yes"]);
    assert.match(half.stderr, /^orrery: \S+ is not a complete state; nothing was changed\n/);
    assert.deepEqual(locks(), []);
  });

  it("is not recovered when the passphrase at hand does not open it, though it opens the stack's file", async () => {
    const other = { secrets_providers: { type: "passphrase", state: { salt: newSalt("former") } } };
    const sealed = JSON.stringify({ version: 3, checkpoint: { stack: name, latest: deployment(other) } });
    writeFileSync(stateFile, sealed);
    const { status, stderr } = await ops(["recover"]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^orrery: the state of stack state-lock was encrypted with another passphrase, [^\n]*nothing was changed[^\n]*\n$/,
    );
    assert.equal(readFileSync(stateFile, "utf8"), sealed);
    assert.deepEqual(locks(), []);
    const away = deployment({ secrets_providers: { type: "none of ours", state: {} } });
    writeFileSync(stateFile, JSON.stringify({ version: 3, checkpoint: { stack: name, latest: away } }));
    const unknown = await ops(["recover"]);
    assert.match(
      unknown.stderr,
      /^orrery: the engine cannot use the state of stack state-lock: [^\n]*; nothing was changed\n$/,
    );
    assert.deepEqual(locks(), []);
  });

  it("is free and whole after SIGTERM ends recover while the engine works for it, and nothing goes on", async () => {
    const latest = deployment({ pending_operations: interrupted() });
    writeFileSync(stateFile, JSON.stringify({ version: 3, checkpoint: { stack: name, latest } }));
    const words = ["cli/orrery.ts", "state", "recover", "--stack", name, "--config-file", file];
    const scratch = path.join(dir, "scratch");
    mkdirSync(scratch);
    const env = { ...process.env, ...target.env, TMPDIR: scratch };
    const child = spawn(process.execPath, words, { cwd: projectDir, env });
    children.push(child);
    await until("the engine's private copy", () => readdirSync(scratch).length > 1);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [143, null]);
    assert.deepEqual(locks(), []);
    assert.doesNotThrow(() => void JSON.parse(readFileSync(stateFile, "utf8")));
    await sleep(3000);
    assert.deepEqual(readdirSync(scratch).filter((one) => one.startsWith("orrery-state-")), []); // prettier-ignore
  });

  it("is held by recover from the first look at it to the end, through imports and refreshes by the engine", async () => {
    const latest = deployment({ pending_operations: interrupted() });
    writeFileSync(stateFile, JSON.stringify({ version: 3, checkpoint: { stack: name, latest } }));
    const recovered = ops(["recover"]);
    await until("the lock", () => locks().length > 0);
    const [own] = locks();
    refused(await pulumi(["up", "--yes", "--skip-preview"], target));
    const others = (): readonly string[] => locks().filter((lock) => lock !== own);
    await until("the end of the lock", () => locks().length === 0 || others().length > 0);
    assert.deepEqual(others(), [], "the same lock from beginning to end");
    const released = readFileSync(stateFile, "utf8");
    // There is no cloud for the program's preview; all before it is done.
    const { stderr } = await recovered;
    assert.match(stderr, /^orrery: the state is repaired, but what failed creations made could not be searched for/);
    assert.equal(readFileSync(stateFile, "utf8"), released, "nothing is written after the lock is gone");
    const { checkpoint } = JSON.parse(readFileSync(stateFile, "utf8")) as {
      checkpoint: { latest: { pending_operations?: unknown[]; resources: { urn: string }[] } };
    };
    assert.deepEqual([checkpoint.latest.pending_operations ?? [], checkpoint.latest.resources.map((one) => one.urn)], [[], [stackUrn]]); // prettier-ignore
    const history = JSON.parse((await pulumi(["stack", "history", "--json"], target)).stdout) as { kind: string }[];
    assert.equal(history[0]?.kind, "refresh", "the engine's own record of the refresh");
    const status = JSON.parse((await ops(["status", "--json"])).stdout) as { kept: boolean };
    assert.equal(status.kept, true, "the engine's own backup of the state");
  });
});

/** Waits for something that takes seconds. */
async function until(title: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (holds()) return;
    await sleep(50);
  }
  assert.fail(`${title} did not come within 30 s`);
}
