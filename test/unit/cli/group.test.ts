import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { named, parsed, stacksLike } from "../../../cli/group.ts";
import { stackNames } from "../../../config/stackFile.ts";
import { command as backup } from "../../../ops/commands/backup.ts";
import { command as backups } from "../../../ops/commands/backups.ts";
import { command as drill } from "../../../ops/commands/drill.ts";
import { command as status } from "../../../ops/commands/status.ts";
import { orrery } from "./run.ts";

const parts = ["prod", "prod-dials", "prod-packit", "stage-packit"];

describe("groups of stacks", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-groups-"));
  const { PULUMI_BACKEND_URL: backend } = process.env;

  before(() => {
    process.env.PULUMI_BACKEND_URL = `file://${folder}`;
  });
  after(() => {
    if (backend === undefined) delete process.env.PULUMI_BACKEND_URL;
    else process.env.PULUMI_BACKEND_URL = backend;
    rmSync(folder, { recursive: true });
  });

  it("a pattern matches whole names, and one that matches nothing lists those that there are", () => {
    assert.deepEqual(stacksLike("prod*", parts), ["prod", "prod-dials", "prod-packit"]);
    assert.deepEqual(stacksLike("prod-*", parts), ["prod-dials", "prod-packit"]);
    assert.deepEqual(stacksLike("*-packit", parts), ["prod-packit", "stage-packit"]);
    assert.throws(() => stacksLike("rod*", parts), /--stack rod\* matches no stack; there are prod, prod-dials,/);
    assert.throws(() => stacksLike("(a+)+*", parts), /matches no stack/);
  });

  it("each run is given the words of the command line with its own stack", () => {
    const words = ["--stack", "p*", "--json", "-sp*", "--stack=p*", "p*x"];
    assert.deepEqual(named(words, "p*", "prod"), ["--stack", "prod", "--json", "-sprod", "--stack=prod", "p*x"]);
  });

  it("--json prints one list with each stack's answer and exit code, in the order of their names", async () => {
    const { code, stdout } = await orrery("secrets", "list", "--stack", "*", "--json");
    const answers = JSON.parse(stdout) as { stack: string; code: number; answer: readonly { key: string }[] }[];
    assert.deepEqual(
      answers.map(({ stack }) => stack),
      stackNames(),
    );
    assert.equal(code, Math.max(...answers.map((one) => one.code)));
    for (const { stack, answer, code: own } of answers) {
      const alone = await orrery("secrets", "list", "--stack", stack, "--json");
      assert.deepEqual([own, answer], [alone.code, parsed(alone.stdout)], stack);
    }
    assert.equal(answers.find(({ stack }) => stack === "prod")?.code, 0);
  });

  it("what a run printed of its answer before it failed does not hide the others' answers", () => {
    assert.deepEqual(['{"a": 1}', '[{"a": 1', "", "no JSON"].map(parsed), [{ a: 1 }, undefined, undefined, undefined]);
  });

  it("what fails for one stack is said with its name, and is the exit code of all", async () => {
    process.env.PULUMI_BACKEND_URL = `file://${folder}/absent`;
    const { code, stdout, stderr } = await orrery("state", "status", "--stack", "st*");
    process.env.PULUMI_BACKEND_URL = `file://${folder}`;
    assert.equal(code, 1, stdout + stderr);
    assert.match(stderr, /^stage: orrery: /m);
  });

  it("a command for one stack refuses a pattern, and so do the options of a single stack", async () => {
    const one = await orrery("packit", "revisions", "--stack", "p*");
    assert.equal(one.code, 2);
    assert.match(one.stderr, /--stack names one stack here, not p\*/);
    const alone = await orrery("status", "--stack", "p*", "--config-file", "f.yaml");
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--config-file is for one stack, not for p\*/);
  });

  it("status reads a group itself where one page or terminal shows all of it", async () => {
    const given: string[] = [];
    const onEach = (pattern: string): Promise<number> => Promise.resolve(given.push(pattern));
    status.prepare(["--stack", "p*", "--watch"], undefined, onEach);
    await status.prepare(["--stack", "p*"], undefined, onEach)();
    assert.deepEqual(given, ["p*"]);
    const words = ["--stack", "p*", "--watch", "--config-file", "f.yaml"];
    assert.throws(() => status.prepare(words, undefined, onEach), /--config-file is for one stack, not for p\*/);
  });

  it("backups, backup and drill take a group; the last two in turn, and a data set is of one stack", async () => {
    for (const [command, inTurn] of [
      [backups, false],
      [backup, true],
      [drill, true],
    ] as const) {
      const given: unknown[] = [];
      await command.prepare(["--stack", "p*"], undefined, (...words) => Promise.resolve(given.push(...words)))();
      assert.deepEqual(given, ["p*", inTurn]);
    }
    const onEach = (): Promise<number> => Promise.resolve(0);
    const only = ["--stack", "p*", "--only", "packit/database"];
    assert.throws(() => drill.prepare(only, undefined, onEach), /--only is for one stack, not for p\*/);
  });

  it("drill tells a data set that was never saved from one that is broken", async () => {
    const { code, stdout } = await orrery("drill", "--stack", "test", "--only", "packit/database");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^packit\/database HAS NO BACKUP: there are no backups: packit:settings\.backups is not set$/m,
    );
    const { stdout: json } = await orrery("drill", "--stack", "test", "--only", "packit/database", "--json");
    const [found] = JSON.parse(json) as { whole: boolean; none: boolean }[];
    assert.deepEqual([found?.whole, found?.none], [false, true]);
  });

  it("drill says of a repository that does not answer no word of its backups", async () => {
    const { code, stdout } = await orrery("drill", "--stack", "stage", "--only", "packit/database");
    assert.equal(code, 1);
    assert.match(stdout, /^packit\/database COULD NOT BE DRILLED: [^\n]*$/);
  });

  it("promote pairs the stacks of two patterns, and says which has no counterpart", async () => {
    const { code, stderr } = await orrery("promote", "--from", "st*ge", "--to", "pr*d", "--dry-run");
    assert.equal(code, 2);
    assert.match(stderr, /these have no counterpart: stage \(no prad\)/);
    const half = await orrery("promote", "--from", "stage", "--to", "pr*", "--dry-run");
    assert.match(half.stderr, /--from and --to need one \* each/);
  });
});
