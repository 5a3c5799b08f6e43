/** Finding 15, below the commands: a decision is whole or undone at every single change of the disk, and one process holds its journal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { stateOf, thisProcess } from "../../../ops/lib/decision/holder.ts";
import { type Ended, Project } from "./decision/project.ts";

describe("a decision", function () {
  this.timeout(300_000);
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });
  const tests = "test/unit/audit/decision";
  const decide = (fault: string): Promise<Ended> =>
    project.node(["--import", `./${tests}/faultyDisk.ts`, `${tests}/oneDecision.ts`], { FAULT: fault });

  it("is undone or finished by the next command after SIGKILL at each of its changes of the disk", async () => {
    project.reset();
    const was = project.snapshot();
    let ends = 0;
    for (let at = 1; ; at += 1) {
      project.reset();
      const { code, stderr } = await decide(`kill:${at}`);
      const succeeded = project.now.history.length > 0;
      if (code === 0) break;
      assert.equal(code, "SIGKILL", stderr);
      const settled = await project.run(["decision"]);
      assert.equal(settled.code, 0, settled.stderr);
      const now = project.snapshot() as { text: string };
      // The update has protected nothing again: that is the program's part.
      if (succeeded) assert.match(now.text, /# changed\n$/, `change ${at}`);
      else assert.deepEqual(withoutDrafts(now), withoutDrafts(was), `change ${at}`);
      ends += succeeded ? 1 : 0;
    }
    assert.ok(ends > 0);
  });

  it("is undone by the next command after SIGKILL before and after the CLI's call for the protections", async () => {
    for (const kill of ["before unprotect", "after unprotect"]) {
      project.reset({ kill });
      const was = project.snapshot();
      assert.equal((await decide("")).code, "SIGKILL");
      project.set({ kill: undefined });
      assert.equal((await project.run(["decision"])).code, 0);
      assert.deepEqual(project.snapshot(), was, kill);
    }
  });

  it("is finished by the next command after SIGKILL while another one undid it", async () => {
    for (const kill of ["before protect", "after protect"]) {
      project.reset({ course: "no", kill });
      const was = project.snapshot();
      assert.equal((await decide("")).code, "SIGKILL");
      project.set({ kill: undefined });
      assert.equal((await project.run(["decision"])).code, 0);
      assert.deepEqual(project.snapshot(), was, kill);
    }
  });

  it("leaves everything as it was on a disk that gets full at any of its writes, also where the engine fails on it", async () => {
    for (let at = 1, code: Ended["code"] = 1; code !== 4; at += 1) {
      project.reset({ course: "fails" });
      const was = project.snapshot();
      const ended = await decide(`full:${at}`);
      code = ended.code;
      if (code !== 4) assert.match(ended.stderr, /ENOSPC: no space left on device/);
      assert.deepEqual(project.snapshot(), was, `write ${at}`);
    }
  });
});

describe("a decision about two stacks", function () {
  this.timeout(300_000);
  let project: Project;
  let prod = "";
  const was = readFileSync(path.join(projectDir, "Pulumi.prod.yaml"), "utf8");
  before(() => {
    project = new Project();
    prod = path.join(project.dir, "Pulumi.prod.yaml");
  });
  after(() => {
    project.remove();
  });
  const tests = "test/unit/audit/decision";
  const decide = (env: NodeJS.ProcessEnv): Promise<Ended> => {
    project.reset();
    for (const name of globSync("Pulumi.prod.yaml*", { cwd: project.dir })) rmSync(path.join(project.dir, name));
    writeFileSync(prod, was);
    return project.node(["--import", `./${tests}/faultyDisk.ts`, `${tests}/twoStacks.ts`], env);
  };
  const open = (): readonly string[] => globSync("Pulumi.*.yaml.journal*", { cwd: project.dir });

  it("changes both files, or none if what follows fails", async () => {
    assert.equal((await decide({})).code, 0);
    assert.equal(readFileSync(prod, "utf8"), `${was}# changed\n`);
    assert.match(readFileSync(project.file, "utf8"), /# changed\n$/);
    assert.deepEqual(open(), []);

    const failed = await decide({ THEN: "fail" });
    assert.equal(failed.code, 1);
    for (const name of ["stage", "prod"])
      assert.match(failed.stderr, new RegExp(`promote was not carried out: .*Pulumi\\.${name}\\.yaml is as it was`));
    assert.match(failed.stderr, /no room for the text/);
    assert.equal(readFileSync(prod, "utf8"), was);
    assert.doesNotMatch(readFileSync(project.file, "utf8"), /# changed/);
    assert.deepEqual(open(), []);
  });

  it("is undone by the next command of each stack after SIGKILL at any change of the disk, until both files are written", async () => {
    let halves = 0;
    for (let at = 1; ; at += 1) {
      const { code } = await decide({ FAULT: `kill:${at}` });
      if (code === 0) break;
      assert.equal(code, "SIGKILL");
      const both = [project.file, prod].every((file) => /# changed\n$/.test(readFileSync(file, "utf8")));
      const journals = open().filter((name) => name.endsWith(".journal")).length;
      for (const name of ["stage", "prod"]) {
        const settled = await project.node(["cli/orrery.ts", "decision", "--stack", name]);
        assert.equal(settled.code, 0, settled.stderr);
      }
      const changed = [project.file, prod].map((file) => /# changed\n$/.test(readFileSync(file, "utf8")));
      // Between the removals of the two journals one stack keeps what the other one gives back: both are whole.
      const expected = both ? [journals === 0 || journals === 1, journals === 0] : [false, false];
      assert.deepEqual(changed, expected, `change ${at}`);
      halves += changed[0] === changed[1] ? 0 : 1;
    }
    assert.ok(halves <= 4, `${halves} of the changes leave one stack promoted and the other one not`);
  });

  it("begins nothing while another command is at work on one of them", async () => {
    await decide({});
    writeFileSync(prod, was);
    const journal = { id: "a", command: "dials pause", stack: "prod", file: prod, began: "2026-01-01T00:00:00Z" };
    writeFileSync(`${prod}.journal`, JSON.stringify({ ...journal, holder: thisProcess(), engine: false, lifted: [] }));
    const text = readFileSync(project.file, "utf8");
    const { code, stderr } = await project.node([`${tests}/twoStacks.ts`]);
    assert.equal(code, 1);
    assert.match(stderr, /orrery dials pause \(process \d+\) works on stack prod; wait for its end: nothing was done/);
    assert.equal(readFileSync(project.file, "utf8"), text);
    assert.deepEqual(open(), ["Pulumi.prod.yaml.journal"]);
  });
});

/** Drafts of a killed command are no part of anything; git ignores them. */
function withoutDrafts(snapshot: object): object {
  const { files, ...rest } = snapshot as { files: readonly string[] };
  return { ...rest, files: files.filter((name) => !/^\.orrery-|\.tmp$/.test(name)) };
}

describe("the holder of a journal", () => {
  const here = thisProcess();

  it("works while its process does, and has ended when another process has its number or the machine was booted since", () => {
    assert.equal(stateOf(here), "works");
    assert.equal(stateOf({ ...here, pid: spawnSync("true").pid }), "ended");
    assert.equal(stateOf({ ...here, started: "1" }), "ended");
    assert.equal(stateOf({ ...here, boot: "another" }), "ended");
  });

  it("is not taken for ended on another machine, nor in another container with the same host name", () => {
    assert.equal(stateOf({ ...here, host: "another" }), "elsewhere");
    assert.equal(stateOf({ ...here, machine: "another" }), "elsewhere");
    assert.equal(stateOf({ ...here, namespace: "pid:[1]" }), "elsewhere");
  });
});
