/** Finding 8: file and state never part when the passphrase changes, and it says what former passphrases still open. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import type { Course } from "./decision/fakeWorld.ts";
import { type Ended, Project } from "./decision/project.ts";

const next = "a private passphrase";
const old = samplePassphrase("stage");

describe("a new passphrase", () => {
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

  const change = (env: NodeJS.ProcessEnv = { ORRERY_NEW_PASSPHRASE: next }): Promise<Ended> =>
    project.run(["secrets", "passphrase"], env);
  const opens = (salt: string, passphrase: string): boolean => {
    try {
      openSalt(salt, passphrase);
      return true;
    } catch {
      return false;
    }
  };
  /** Which of the two passphrases opens the file, a secret in it, and the state. */
  const openedBy = (passphrase: string): readonly boolean[] => {
    const { encryptionSalt = "", entries } = readStackFile(project.file);
    const { salt } = (project.now.providers as { state: { salt: string } }).state;
    const secret = entries.get("clouds:rac")?.value ?? "";
    const inFile = opens(encryptionSalt, passphrase);
    if (inFile) openSalt(encryptionSalt, passphrase).decrypt(secret);
    return [inFile, opens(salt, passphrase)];
  };
  const start = (course: Course): object => {
    project.reset({ course });
    return project.snapshot();
  };

  it("opens file and state, and the file's other bytes stay", async () => {
    start("works");
    const was = readFileSync(project.file, "utf8");
    const { code, stderr } = await change();
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      [openedBy(next), openedBy(old)],
      [
        [true, true],
        [false, false],
      ],
    );
    const bare = (text: string): string => text.replaceAll(/v1:[^ \n}]+/g, "");
    assert.equal(bare(readFileSync(project.file, "utf8")), bare(was));
    assert.deepEqual((project.snapshot() as { files: unknown }).files, ["Pulumi.stage.yaml", "Pulumi.yaml"]);
  });

  it("comes from a file too", async () => {
    start("works");
    const file = path.join(project.dir, "next-passphrase");
    writeFileSync(file, `${next}\n`);
    assert.equal((await change({ ORRERY_NEW_PASSPHRASE_FILE: file })).code, 0);
    assert.deepEqual(openedBy(next), [true, true]);
  });

  it("changes nothing where the CLI fails before the state is changed, and the message has looked", async () => {
    const was = start("fails");
    const { code, stderr } = await change();
    assert.equal(code, 1);
    assert.match(stderr, /secrets passphrase was not carried out: Pulumi\.stage\.yaml and the state are as they were/);
    assert.match(stderr, /pulumi did not re-encrypt stack stage \(exit code 255\): the backend has no room/);
    assert.deepEqual(project.snapshot(), was);
    assert.deepEqual(openedBy(old), [true, true]);
  });

  it("gets into the file where the CLI fails after the state was changed", async () => {
    start("breaks off");
    assert.equal((await change()).code, 0);
    assert.deepEqual(openedBy(next), [true, true]);
  });

  it("is settled by the next command after SIGKILL before and after the state was changed, without a passphrase", async () => {
    for (const [course, passphrase, said] of [
      ["killed", old, /was interrupted: Pulumi\.stage\.yaml and the state are as they were/],
      ["killed late", next, /was interrupted: the state was changed already, so Pulumi\.stage\.yaml is, too/],
    ] as const) {
      start(course);
      assert.equal((await change()).code, "SIGKILL");
      assert.match((await project.run(["config", "check"])).stderr, said);
      assert.deepEqual(openedBy(passphrase), [true, true]);
      assert.deepEqual((project.snapshot() as { files: unknown }).files, ["Pulumi.stage.yaml", "Pulumi.yaml"]);
    }
  });

  it("opens a draft on the disk where the CLI's own copy is damaged", async () => {
    start("killed late");
    await change();
    const { secrets } = JSON.parse(readFileSync(`${project.file}.journal`, "utf8")) as { secrets: { folder: string } };
    writeFileSync(path.join(secrets.folder, "Pulumi.stage.yaml"), "config:\n  cut: {");
    await project.run(["config", "check"]);
    assert.deepEqual(openedBy(next), [true, true]);
  });

  it("is not settled over what somebody edited meanwhile, until a person has taken over the edits or keeps the file", async () => {
    start("killed late");
    await change();
    const edited = readFileSync(project.file, "utf8").replace("\nconfig:", "\n# edited meanwhile\nconfig:");
    writeFileSync(project.file, edited);
    const { code, stderr } = await project.run(["config", "check"]);
    assert.equal(code, 1);
    const [draft = ""] = /\S+next\.yaml/.exec(stderr) ?? [];
    assert.match(stderr, /was edited since, .* Make the same edits in \S+next\.yaml, then: npx orrery decision/);
    assert.equal(readFileSync(project.file, "utf8"), edited);
    writeFileSync(draft, `# edited meanwhile\n${readFileSync(draft, "utf8")}`);
    assert.equal((await project.run(["decision", "--finish"])).code, 0);
    assert.match(readFileSync(project.file, "utf8"), /^# edited meanwhile\n/);
    assert.deepEqual(openedBy(next)[0], true);
    assert.ok(!existsSync(`${project.file}.journal`));
  });

  it("ends by a person's word where the state is gone or has a third passphrase", async () => {
    for (const world of [
      { offline: true },
      { providers: { type: "passphrase", state: { salt: newSalt("a third one") } } },
    ]) {
      start("killed late");
      await change();
      const text = readFileSync(project.file, "utf8");
      project.set(world);
      assert.equal((await project.run(["config", "check"])).code, 1);
      const { code, stdout } = await project.run(["decision", "--undo"]);
      assert.equal(code, 0);
      assert.match(stdout, /Pulumi\.stage\.yaml stays as it is; the state was not asked/);
      assert.equal(readFileSync(project.file, "utf8"), text);
      assert.ok(!existsSync(`${project.file}.journal`));
    }
  });

  it("names the draft, what opens what and the way out while the state cannot be read", async () => {
    start("killed late");
    await change();
    project.set({ offline: true });
    const { code, stderr } = await project.run(["config", "check"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /Pulumi\.stage\.yaml still opens with the old passphrase or key, \S+next\.yaml is the same file for the new one/,
    );
    const [draft = ""] = /\S+next\.yaml/.exec(stderr) ?? [];
    assert.ok(opens(readStackFile(draft).encryptionSalt ?? "", next));
  });
});

describe("what former passphrases open", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "backend-"));
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
    rmSync(dir, { recursive: true });
  });
  const stored = [
    "stacks/orrery/stage.json",
    "stacks/orrery/stage.json.bak",
    "backups/orrery/stage/stage.1795385752032954976.json",
    "backups/orrery/stage/stage.1795385752032954977.json",
    "history/orrery/stage/stage-1795385752032361908.checkpoint.json",
    "history/orrery/stage/stage-1795385752032361908.history.json",
    "history/orrery/other/other-1795385752032361908.checkpoint.json",
  ];
  const at = (name: string): string => path.join(dir, ".pulumi", name);
  /** A backend in which all but the present state and one backup are of before. */
  const fill = (): void => {
    const [before_, now] = [newSalt(old), readStackFile(project.file).encryptionSalt];
    for (const name of stored) {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      const salt = /stage\.json$|977/.test(name) ? now : before_;
      const latest = { secrets_providers: { type: "passphrase", state: { salt } } };
      writeFileSync(at(name), JSON.stringify({ version: 3, checkpoint: { latest } }));
    }
  };
  const there = (): readonly string[] => stored.filter((name) => existsSync(at(name)));

  it("is listed after a change, and removed on demand: backups, past states and their records", async () => {
    project.reset({ backend: `file://${dir}` });
    fill();
    const changed = await project.run(["secrets", "passphrase"], { ORRERY_NEW_PASSPHRASE: next });
    assert.equal(changed.code, 0, changed.stderr);
    assert.match(
      changed.stdout,
      /a former passphrase still opens 4 backups and past states in the backend:\n {2}\.pulumi/,
    );
    fill();
    const env = { PULUMI_CONFIG_PASSPHRASE: next };
    const removed = await project.run(["secrets", "passphrase", "--remove-backups"], env);
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stdout, /^removed 3 backups and past states that a former passphrase opened$/m);
    assert.deepEqual(there(), [stored[0], stored[3], stored[6]]);
  });

  it("is not taken for old with the published passphrase of another sample, which the lab's shell has", async () => {
    project.reset({ backend: `file://${dir}` });
    fill();
    const own = stored.filter((name) => !name.includes("/other/"));
    const env = { PULUMI_CONFIG_PASSPHRASE: samplePassphrase("test") };
    const { code, stdout, stderr } = await project.run(["secrets", "passphrase", "--remove-backups"], env);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^removed \d backups and past states that a former passphrase opened$/m); // the last test's
    assert.deepEqual(
      own.filter((name) => existsSync(at(name))),
      own,
    );
  });

  it("is said not to be listed where the backend's files cannot be read, after a change that is no failure", async () => {
    project.reset({ backend: "gs://bucket" });
    const env = { ORRERY_NEW_PASSPHRASE: next };
    const text = readFileSync(project.file, "utf8");
    const refused = await project.run(["secrets", "passphrase", "--remove-backups"], env);
    assert.deepEqual([refused.code, readFileSync(project.file, "utf8") === text], [2, true], refused.stderr);
    const { code, stdout, stderr } = await project.run(["secrets", "passphrase"], env);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^encrypted .* with the new passphrase.*\nwhat a former passphrase still opens is not listed: state works with/m,
    );
    assert.notEqual(readFileSync(project.file, "utf8"), text);
  });

  it("is not taken for old with a wrong passphrase", async () => {
    project.reset({ backend: `file://${dir}` });
    fill();
    const env = { PULUMI_CONFIG_PASSPHRASE: "another one" };
    const { code, stderr } = await project.run(["secrets", "passphrase", "--remove-backups"], env);
    assert.equal(code, 2);
    assert.match(stderr, /PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack stage/);
    assert.deepEqual(there(), stored);
  });
});
