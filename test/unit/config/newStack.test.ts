import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { reencrypt, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { ProjectCopy } from "./projectCopy.ts";
import { committed } from "../harness.ts";

describe("orrery config new", () => {
  let project: ProjectCopy;
  before(() => {
    project = new ProjectCopy();
  });
  after(() => {
    project.remove();
  });

  it("config new copies another stack's settings and secrets under a new salt", () => {
    const made = project.run("new", "--stack", "mine", "--like", "test");
    assert.equal(made.code, 0, made.out);
    const [mine, test] = ["mine", "test"].map((stack) => readStackFile(stackPath(stack, project.dir)));
    assert.ok(mine && test);
    assert.notEqual(mine.encryptionSalt, test.encryptionSalt);
    const opened = openSalt(mine.encryptionSalt ?? "", "orrery-sample-mine");
    const old = committed("test", test.encryptionSalt);
    for (const [key, { value, secret }] of mine.entries) {
      const theirs: string = test.entries.get(key)?.value ?? "";
      assert.equal(secret ? opened.decrypt(value) : value, secret ? old.decrypt(theirs) : theirs, key);
    }
    assert.match(
      project.run("new", "--stack", "mine", "--like", "test").out,
      /^orrery: Pulumi\.mine\.yaml exists already/,
    );
  });

  it("config new --systems takes one system of a stack, with the clusters and clouds that it runs on", () => {
    const made = project.run("new", "--stack", "theirs", "--systems", "dials");
    assert.equal(made.code, 0, made.out);
    assert.match(made.out, /its \d+ secrets are those of stage\..*config -- check --for-deploy --stack theirs/);
    const file = stackPath("theirs", project.dir);
    const { entries } = readStackFile(file);
    const namespaces = new Set([...entries.keys()].map((key) => key.split(":")[0]));
    assert.deepEqual([...namespaces], ["clusters", "dials"]);
    const clusters = Object.keys(JSON.parse(entries.get("clusters:settings")?.value ?? "") as object);
    const { cluster } = JSON.parse(entries.get("dials:settings")?.value ?? "") as { readonly cluster: string };
    assert.deepEqual(clusters, [cluster]);
    assert.deepEqual(
      [...entries.keys()].filter((key) => key.startsWith("clusters:")),
      ["clusters:settings", `clusters:${cluster}`],
    );
    assert.deepEqual(project.run("check", "--stack", "theirs"), { code: 0, out: "theirs: no problems\n" });
    const comments = readFileSync(file, "utf8").match(/#.*/g) ?? [];
    assert.match(comments[0] ?? "", /^# yaml-language-server: /);
    assert.doesNotMatch(comments.join("\n"), /staging environments|published passphrase|--stack stage/);
    assert.match(comments.join("\n"), /dials release .* --stack theirs$/m);
    rmSync(file);
  });

  it("config new --systems takes several, and refuses a name that is none and a system that the other stack lacks", () => {
    const refused = project.run("new", "--stack", "two", "--systems", "dials,prwo");
    assert.equal(refused.code, 2);
    assert.match(refused.out, /^orrery: there is no system "prwo"; did you mean "prow"\?/);
    assert.ok(!existsSync(path.join(project.dir, "Pulumi.two.yaml")));
    const two = project.run("new", "--stack", "two", "--systems", "dials", "--systems", "prow");
    assert.equal(two.code, 0, two.out);
    const { entries } = readStackFile(stackPath("two", project.dir));
    assert.deepEqual(
      [...entries.keys()].filter((key) => key.endsWith(":settings")),
      ["clusters:settings", "dials:settings", "prow:settings"],
    );
    const lacking = project.run("new", "--stack", "three", "--like", "two", "--systems", "packit");
    assert.deepEqual(lacking, {
      code: 1,
      out: "orrery: Pulumi.two.yaml has no packit: name a stack that has it with --like\n",
    });
    rmSync(stackPath("two", project.dir));
  });

  describe("a stack with a real secret", () => {
    before(() => {
      const stack = readStackFile(stackPath("test", project.dir));
      const salt = newSalt("our own");
      const crypter = openSalt(salt, "our own");
      const old = committed("test", stack.encryptionSalt);
      const text = reencrypt(
        stack.text,
        (one) => old.decrypt(one),
        salt,
        (one) => crypter.encrypt(one),
      );
      const real = setSecret(text, "thoth:githubOauthToken", crypter.encrypt("ghp_real"));
      writeFileSync(path.join(project.dir, "Pulumi.own.yaml"), real);
      writeFileSync(path.join(project.dir, "passphrase"), "our own\n");
      writeFileSync(path.join(project.dir, "other-passphrase"), "another one\n");
    });
    const like = ["--stack", "drill", "--like", "own"];
    const from = (env: NodeJS.ProcessEnv) =>
      project.runWith({ ORRERY_LIKE_PASSPHRASE_FILE: path.join(project.dir, "passphrase"), ...env }, "new", ...like);

    it("config new writes no file that a published passphrase opens", () => {
      for (const published of [undefined, "", "orrery-lab", "orrery-sample-drill", "orrery-sample-prod"]) {
        assert.deepEqual(from({ PULUMI_CONFIG_PASSPHRASE: published }), {
          code: 1,
          out:
            "orrery: own has secrets of its own (thoth:githubOauthToken), and the new file would have a published " +
            "passphrase: put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written\n",
        });
      }
      assert.ok(!existsSync(path.join(project.dir, "Pulumi.drill.yaml")));
    });

    it("config new writes a file under a passphrase from a file, and checks it before a deployment", () => {
      const file = path.join(project.dir, "other-passphrase");
      const made = from({ PULUMI_CONFIG_PASSPHRASE_FILE: file });
      assert.equal(made.code, 0, made.out);
      const drill = readStackFile(stackPath("drill", project.dir));
      const opened = openSalt(drill.encryptionSalt ?? "", "another one");
      assert.equal(opened.decrypt(drill.entries.get("thoth:githubOauthToken")?.value ?? ""), "ghp_real");
      const check = (): { code: number | null; out: string } =>
        project.runWith({ PULUMI_CONFIG_PASSPHRASE_FILE: file }, "check", "--for-deploy", "--stack", "drill");
      assert.deepEqual(check(), { code: 0, out: "drill: nothing prevents a deployment\n" });
      writeFileSync(
        stackPath("drill", project.dir),
        drill.text.replaceAll(", lab: true}", "}").replace("      lab: true\n", ""),
      );
      const { code, out } = check();
      assert.equal(code, 1);
      assert.match(
        out,
        /^orrery: Pulumi\.drill\.yaml is for clusters and clouds that are not the lab's, and everybody/,
      );
      assert.match(out, /^ {2}thoth:kebechetSshKey is a published sample\n {6}npx pulumi config set .* < FILE$/m);
      assert.doesNotMatch(out, /githubOauthToken|passphrase is published/);
      const asJson = project.runWith(
        { PULUMI_CONFIG_PASSPHRASE_FILE: file },
        ...["check", "--for-deploy", "--stack", "drill", "--json"],
      );
      const keys = (JSON.parse(asJson.out) as readonly { key: string }[]).map(({ key }) => key);
      assert.equal(asJson.code, 1);
      assert.ok(keys.includes("thoth:kebechetSshKey") && !keys.includes("thoth:githubOauthToken"), keys.join(" "));
      rmSync(stackPath("drill", project.dir));
      rmSync(stackPath("own", project.dir));
    });
  });
});
