/** Findings 8 and 15: commands that change a stack's file or protections and deploy do all of it or nothing, however they end. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../../config/stackEdit.ts";
import { checkHalves } from "../../../ops/commands/callysto/replace-volume.ts";
import type { FakeWorld } from "./decision/fakeWorld.ts";
import { type Ended, Project, volumes } from "./decision/project.ts";

interface Case {
  readonly words: readonly string[];
  readonly world?: Partial<FakeWorld>;
  readonly edit?: (text: string) => string;
  /** Whether the file is another one after the command has done its work. @default true */
  readonly changesFile?: false;
}

const beside13 = (text: string): string => put(text, ["config", "packit:settings", "postgres"], { beside: ["13"] });

const cases: Readonly<Record<string, Case>> = {
  "callysto announcement": { words: ["callysto", "announcement", "Down at noon", "--yes"] },
  "callysto rebuild": { words: ["callysto", "rebuild", "--yes"], world: { replaces: "server-instance$" } },
  "callysto replace-volume": { words: ["callysto", "replace-volume", volumes[0], volumes[2], "--yes"] },
  "packit upgrade-database, the new server": { words: ["packit", "upgrade-database", "--to", "13", "--yes"] },
  "packit upgrade-database, the switch": {
    words: ["packit", "upgrade-database", "--to", "13", "--yes"],
    world: { selectorAfter: "postgres-13" },
    edit: beside13,
  },
  "packit upgrade-database --forget": {
    words: ["packit", "upgrade-database", "--forget", "13", "--yes"],
    edit: beside13,
  },
  "packit cleanup": { words: ["packit", "cleanup", "--yes"], changesFile: false },
  "packit pin --up": { words: ["packit", "pin", "packit-worker", `sha256:${"a".repeat(64)}`, "--up", "--yes"] },
  "thoth pause": { words: ["thoth", "pause", "--yes"] },
  "dials pause": { words: ["dials", "pause", "--yes"] },
};

describe("a command that deploys what it changed", function () {
  this.timeout(60_000);
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

  /** Settles what is open, as any next command does. */
  const next = (): Promise<Ended> => project.run(["config", "check"]);

  for (const [name, { words, world, edit, changesFile }] of Object.entries(cases)) {
    const start = (more: Partial<FakeWorld> = {}): object => {
      project.reset({ ...world, ...more }, edit);
      return project.snapshot();
    };

    it(`${name}: a "no" and a failing engine leave everything as it was, and the message says so`, async () => {
      for (const course of ["no", "fails"] as const) {
        const was = start({ course });
        const { code, stderr } = await project.run(words);
        assert.equal(code, { no: 8, fails: 4 }[course], stderr);
        assert.deepEqual(project.snapshot(), was);
        assert.match(stderr, /^orrery: [\w -]+ was not carried out: .*Pulumi\.stage\.yaml is as it was/m);
      }
    });

    it(`${name}: after SIGKILL of command and engine the next command says what was open, and undoes it`, async () => {
      const was = start({ course: "killed" });
      assert.equal((await project.run(words)).code, "SIGKILL");
      assert.notDeepEqual(project.snapshot(), was);
      project.set({ course: "works" });
      const { stderr } = await next();
      assert.match(
        stderr,
        /^orrery: [\w -]+ of stack stage \(process \d+ .*\) was interrupted: its update may have begun; /m,
      );
      assert.deepEqual(project.snapshot(), was);
    });

    it(`${name}: after SIGKILL at the end of its update the next command finishes it`, async () => {
      start({ course: "killed late" });
      assert.equal((await project.run(words)).code, "SIGKILL");
      const { stderr } = await next();
      assert.match(stderr, /was interrupted: its update had succeeded; Pulumi\.stage\.yaml keeps the new settings/);
      const { text, stopped, files } = project.snapshot() as Record<string, unknown>;
      assert.deepEqual([stopped, files], [[], ["Pulumi.stage.yaml", "Pulumi.yaml"]]);
      const was = start() as Record<string, unknown>;
      assert.equal(text === was.text, changesFile === false);
    });
  }

  const rebuild = cases["callysto rebuild"]?.words ?? [];
  const announce = cases["callysto announcement"]?.words ?? [];

  it("keeps the new settings where the failed update has done already what going back would do again", async () => {
    for (const [name, reached, more] of [
      ["callysto rebuild", "callysto-hub-dev-host-server-instance is new already", {}],
      [
        "callysto replace-volume",
        "callysto-hub-dev-host-volumes-zfs-01-attachment is new already",
        { replaces: "01-attachment$" },
      ],
      ["packit upgrade-database, the new server", "packit-postgres-13-claim is new already", { replaces: "13-claim$" }],
      ["packit upgrade-database, the switch", "Service postgres selects postgres-13 already", {}],
    ] as const) {
      const { words, world, edit } = cases[name] ?? assert.fail();
      project.reset({ ...world, ...more, course: "breaks off" }, edit);
      const was = project.snapshot() as Record<string, unknown>;
      const { code, stderr } = await project.run(words);
      assert.equal(code, 4, stderr);
      assert.ok(stderr.includes(`its update did not finish, but ${reached}; `), stderr);
      assert.match(stderr, /keeps the new settings; .*npx pulumi up --stack stage carries out the rest/);
      const now = project.snapshot() as Record<string, unknown>;
      assert.notEqual(now.text, was.text);
      assert.deepEqual([now.files, now.stopped], [was.files, []]);
    }
  });

  it("keeps the new settings where the update was carried out and its record in the history is lost", async () => {
    const { words } = cases["callysto rebuild"] ?? assert.fail();
    project.reset({ replaces: "server-instance$", course: "breaks off unrecorded" });
    const was = project.snapshot() as Record<string, unknown>;
    const { code, stderr } = await project.run(words);
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      /callysto-hub-dev-host-server-instance is new already; Pulumi\.stage\.yaml keeps the new settings/,
    );
    assert.notEqual((project.snapshot() as Record<string, unknown>).text, was.text);
  });

  it("says that an update that failed halfway has changed something, and what makes the clouds agree with the file", async () => {
    project.reset({ course: "breaks off" });
    const was = project.snapshot();
    const { stderr } = await project.run(announce);
    assert.match(
      stderr,
      /its update failed; Pulumi\.stage\.yaml is as it was; npx pulumi up --stack stage makes the clouds agree/,
    );
    assert.deepEqual(project.snapshot(), was);
  });

  it("says that nothing was deployed where the engine cannot have started, and leaves everything as it was", async () => {
    const cli = path.join(project.dir, "node_modules", ".bin", "pulumi");
    const cases_: readonly (readonly [Partial<FakeWorld> | "no CLI", RegExp])[] = [
      [{ course: "wrong passphrase" }, /nothing was deployed; Pulumi/],
      [
        { launcher: true },
        /nothing was deployed: the Pulumi CLI does not run: failed to download the Pulumi CLI; npx /,
      ],
      [{ stackless: true }, /nothing was deployed: no stack named 'stage' found; Pulumi/],
      ["no CLI", /nothing was deployed: the Pulumi CLI is not there \(\S+\); npm ci installs it; Pulumi/],
    ];
    for (const [world, said] of cases_) {
      project.reset(world === "no CLI" ? {} : world);
      const was = project.snapshot();
      if (world === "no CLI") renameSync(cli, `${cli}.away`);
      try {
        const { code, stderr } = await project.run(announce);
        assert.notEqual(code, 0);
        assert.match(stderr, said);
        assert.match(stderr, /was not carried out: .*Pulumi\.stage\.yaml is as it was$/m);
        assert.doesNotMatch(stderr, /may have begun|pulumi up|spawn|ENOENT/);
        assert.deepEqual(project.snapshot(), was);
      } finally {
        if (world === "no CLI") renameSync(`${cli}.away`, cli);
      }
    }
  });

  it("does not claim that nothing was deployed where only the backend cannot be asked", async () => {
    project.reset({ course: "fails", offlineAfter: "up" });
    const was = project.snapshot();
    const { stderr } = await project.run(announce);
    assert.match(
      stderr,
      /was not carried out: its update may have begun; Pulumi\.stage\.yaml is as it was; npx pulumi up/,
    );
    assert.deepEqual(project.snapshot(), was);
  });

  it("undoes everything on SIGINT and SIGTERM, after the engine has ended its update in order", async () => {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      project.reset({ course: "waits" });
      const was = project.snapshot();
      const { code: ended, stderr } = await project.run(announce, {}, (pid) => {
        if (project.now.calls.includes("up")) process.kill(pid, signal);
      });
      assert.equal(ended, code, stderr);
      assert.match(stderr, /was not carried out: its update failed; Pulumi\.stage\.yaml is as it was/);
      assert.deepEqual(project.snapshot(), was);
      assert.equal(project.now.history[0]?.result, "failed");
    }
  });

  it("ends the dump on SIGTERM, and leaves nothing of it", async () => {
    const { words, world, edit } = cases["packit upgrade-database, the switch"] ?? assert.fail();
    project.reset({ ...world, course: "stopped while it dumps" }, edit);
    const was = project.snapshot();
    const passing = mkdtempSync(path.join(project.dir, "passing-"));
    const { code, stderr } = await project.run([...words, "--folder", passing]);
    assert.equal(code, 143, stderr);
    assert.match(stderr, /was not carried out: nothing was deployed; Pulumi\.stage\.yaml is as it was/);
    assert.deepEqual(readdirSync(passing), []);
    assert.deepEqual(project.snapshot(), was);
  });

  it("is refused where the pool has another disk than the settings say", async () => {
    const { words } = cases["callysto replace-volume"] ?? assert.fail();
    project.reset({
      disks: ["/dev/disk/by-id/virtio-44444444-4444-4444-8-part1", "/dev/disk/by-id/virtio-22222222-2222-4222-8-part1"],
    });
    const was = project.snapshot();
    const { code, stderr } = await project.run(words);
    assert.equal(code, 1);
    assert.match(stderr, /^orrery: pool tank of hub-dev is on .* the settings say volumes /);
    assert.deepEqual(project.snapshot(), was);
  });

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
    assert.match((await next()).stderr, /was interrupted: its update had succeeded; .* keeps the new settings/);
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
    const open = await next();
    assert.equal(open.code, 1);
    assert.match(
      open.stderr,
      /cannot be settled: pulumi stack history of stack stage failed: the backend does not answer; when that is/,
    );
    project.set({ offline: false });
    assert.match((await next()).stderr, /1 resources are protected again/);
    assert.deepEqual(project.snapshot(), was);
  });

  it("leaves what somebody else has written into the file since, and keeps what it was before", async () => {
    project.reset({ course: "killed" });
    const before_ = readFileSync(project.file, "utf8");
    await project.run(announce);
    const theirs = `${readFileSync(project.file, "utf8")}# theirs\n`;
    writeFileSync(project.file, theirs);
    assert.match(
      (await next()).stderr,
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

describe("the disks of a hub's pool", () => {
  const [one, two, three] = volumes;
  const disk = (id: string): string => `/dev/disk/by-id/virtio-${id.slice(0, 20)}-part1`;

  it("are the two volumes of the settings, before one of them is replaced", () => {
    checkHalves("hub", [disk(one), disk(two)], [one, two]);
    checkHalves("hub", [disk(two), `/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_${one}-part1`], [one, two]);
  });

  it("are others where a replacement was begun and not deployed: then both halves would go at once, so it is refused", () => {
    const problem =
      /^Error: pool tank of hub is on \S+ and \S+, the settings say volumes 3\S+ and 2\S+: one volume is replaced at a time/;
    assert.throws(() => {
      checkHalves("hub", [disk(one), disk(two)], [three, two]);
    }, problem);
    assert.throws(() => {
      checkHalves("hub", [disk(one)], [one, two]);
    }, /pool tank of hub is on/);
  });
});
