/** A decision that is open, since its command is at work or was killed: what others may do, and who settles it. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { cases } from "./decision/cases.ts";
import { type Ended, Project } from "./decision/project.ts";

describe("a decision that is open", () => {
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

  const rebuild = cases["callysto rebuild"]?.words ?? [];
  const announce = cases["callysto announcement"]?.words ?? [];

  it("does nothing while another command is at work on the stack, and names its process", async () => {
    project.reset({ course: "waits" });
    const was = project.snapshot();
    let refused: Promise<readonly Ended[]> | undefined;
    await project.run(announce, {}, (pid) => {
      if (refused !== undefined || !project.now.calls.includes("up")) return;
      refused = Promise.all([project.run(rebuild), project.run(["config", "check"])]).finally(() => {
        process.kill(pid, "SIGTERM");
      });
      refused.catch(() => undefined);
    });
    const [second, reader] = (await refused) ?? assert.fail("the first command has not deployed");
    assert.equal(second?.code, 1);
    assert.match(
      second.stderr,
      /^orrery: callysto announcement of stack stage \(process \d+ on .*\) is at work; wait for its end: nothing was done$/m,
    );
    assert.match(reader?.stderr ?? "", /^note: callysto announcement .* is at work; wait for its end$/m);
    assert.deepEqual(project.snapshot(), was);
  });

  it("waits for an engine that goes on when only the command was killed, and finishes what it did", async () => {
    project.reset({ course: "orphaned" });
    assert.equal((await project.run(announce)).code, "SIGKILL");
    const early = await project.run(["config", "check"]);
    assert.match(early.stderr, /was interrupted, but its pulumi \(process \d+\) still runs; wait for its end/);
    while (project.now.history.length === 0) await new Promise((resolve) => setTimeout(resolve, 200));
    assert.match((await project.next()).stderr, /was interrupted: its update had succeeded; .* keeps the new settings/);
  });

  it("does not let pulumi deploy half of it: the program refuses every update but its own", async () => {
    project.reset({ course: "killed" });
    await project.run(announce);
    const module = "import('./config/openDecision.ts').then(({ openProblem }) => console.log(openProblem('stage')))";
    assert.match(
      (await project.node(["-e", module])).stdout,
      /^orrery callysto announcement works on stack stage, or was interrupted; npx orrery decision --stack stage says which/,
    );
    const { id } = JSON.parse(readFileSync(`${project.file}.journal`, "utf8")) as { id: string };
    assert.equal((await project.node(["-e", module], { ORRERY_DECISION: id })).stdout, "undefined\n");
  });

  it("changes nothing in a dry run while something is open, and says what settles it", async () => {
    project.reset({ course: "killed" });
    await project.run(announce);
    const was = project.snapshot();
    const { code, stderr } = await project.run(["callysto", "rebuild", "--dry-run"]);
    assert.equal(code, 1);
    assert.match(stderr, /was interrupted; settle that first: npx orrery decision --stack stage$/m);
    assert.deepEqual(project.snapshot(), was);
  });

  it("stays open while the backend cannot be asked, and is settled when it can", async () => {
    const { words } = cases["packit cleanup"] ?? assert.fail();
    project.reset();
    const was = project.snapshot();
    project.set({ course: "killed" });
    await project.run(words);
    project.set({ offline: true });
    const open = await project.next();
    assert.equal(open.code, 1);
    assert.match(
      open.stderr,
      /cannot be settled: pulumi stack history of stack stage failed: the backend does not answer; when that is/,
    );
    project.set({ offline: false });
    assert.match((await project.next()).stderr, /1 resources are protected again/);
    assert.deepEqual(project.snapshot(), was);
  });

  it("leaves what somebody else has written into the file since, and keeps what it was before", async () => {
    project.reset({ course: "killed" });
    const before_ = readFileSync(project.file, "utf8");
    await project.run(announce);
    const theirs = `${readFileSync(project.file, "utf8")}# theirs\n`;
    writeFileSync(project.file, theirs);
    assert.match(
      (await project.next()).stderr,
      /was changed by somebody else since, so it stays; Pulumi\.stage\.yaml\.before is what it was/,
    );
    assert.equal(readFileSync(project.file, "utf8"), theirs);
    assert.equal(readFileSync(`${project.file}.before`, "utf8"), before_);
  });

  it("asks a person about a command on another machine, and does what they say", async () => {
    project.reset({ course: "killed" });
    const was = project.snapshot();
    await project.run(announce);
    const journal = `${project.file}.journal`;
    const { holder, ...rest } = JSON.parse(readFileSync(journal, "utf8")) as { holder: object };
    writeFileSync(journal, JSON.stringify({ ...rest, holder: { ...holder, host: "elsewhere" } }));
    assert.match(
      (await project.run(rebuild)).stderr,
      /is on another machine or in another container; .* --undo, or --finish: nothing was done/,
    );
    assert.equal((await project.run(["decision"])).code, 1);
    const undone = await project.run(["decision", "--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.deepEqual(project.snapshot(), was);
  });

  it("ends as a person wants it while the backend is away, and names what may be unprotected", async () => {
    project.reset({ course: "killed", replaces: "server-instance$" });
    const { text } = project.snapshot() as { text: string };
    await project.run(rebuild);
    project.set({ offline: true });
    const { code, stdout, stderr } = await project.run(["decision", "--undo"]);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout + stderr,
      /1 resource may be unprotected \(.*the backend does not answer\): npx pulumi state protect 'urn:\S+server-instance' --stack stage/,
    );
    assert.equal((project.snapshot() as { text: string }).text, text);
  });

  it("writes a journal that only its owner reads, and that holds no text of the file", async () => {
    project.reset({ course: "killed" });
    await project.run(announce);
    const journal = `${project.file}.journal`;
    assert.equal(statSync(journal).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(journal, "utf8"), /secure|v1:|Down at noon/);
  });
});
