/** A decision whose update fails, is refused or is stopped: what stays, and what is said of it. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { cases } from "./decision/cases.ts";
import type { FakeWorld } from "./decision/fakeWorld.ts";
import { Project } from "./decision/project.ts";

describe("a decision whose update does not work", () => {
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

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

  it("starts what writes to the database again on SIGTERM while that is stopped, and stops no more of it", async () => {
    const dump = path.join(project.dir, "dump.sql");
    writeFileSync(dump, "-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n");
    const { words, world, edit } = cases["packit upgrade-database, the switch"] ?? assert.fail();
    for (const [command, more, change] of [
      [["packit", "restore-database", dump, "--yes"], {}, undefined],
      [words, world, edit],
    ] as const) {
      project.reset({ ...more, course: "stopped while it stops" }, change);
      const was = project.snapshot();
      const { code, stderr } = await project.run(command);
      assert.equal(code, 143, stderr);
      assert.match(stderr, /was not carried out: nothing was deployed; .*what writes to the database is started again/);
      assert.deepEqual(project.snapshot(), was);
      const touched = Object.values(project.now.pods);
      assert.deepEqual(touched, [{ replicas: 2 }], "only the first was touched, and is as it was");
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
});
