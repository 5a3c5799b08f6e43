/** Commits hold no secret in clear: by git, with the committed hook. */
import assert from "node:assert/strict";
import { execFileSync, execSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { plainSecrets } from "../../../config/plainSecrets.ts";
import { projectDir, stackPath } from "../../../config/stackFile.ts";
import { stacks } from "../harness.ts";

describe("A secret in clear", () => {
  it("is in none of the committed stack files", () => {
    for (const stack of stacks) assert.deepEqual(plainSecrets(readFileSync(stackPath(stack), "utf8")), [], stack);
  });

  it("is found by its key, and by its shape in settings and comments, and is not quoted", () => {
    const token = `ghp_${"a1".repeat(18)}`;
    const lines = [
      "config:",
      "  thoth:githubOauthToken: hidden",
      "  thoth:other: {secure: v1:abc, more: hidden}",
      "  thoth:fine:",
      `    secure: v1:${token}`,
      "  thoth:settings:",
      `    note: ${token} # AKIAIOSFODNN7EXAMPLE`,
      "    url: https://ann:hidden@example.org",
      "    key: |",
      "      -----BEGIN OPENSSH PRIVATE KEY-----",
    ];
    const found = plainSecrets(lines.join("\n"));
    assert.deepEqual(found, [
      "thoth:githubOauthToken is in clear; npx pulumi config set --secret thoth:githubOauthToken encrypts it",
      "thoth:other is in clear; npx pulumi config set --secret thoth:other encrypts it",
      "line 10 holds a private key",
      "line 7 holds a token of GitHub",
      "line 7 holds an access key of AWS",
      "line 8 holds a password in a URL",
    ]);
    assert.doesNotMatch(found.join(), /hidden|ghp_/);
    assert.match(plainSecrets("config: [").join(), /^it is no YAML/);
  });

  describe("in a clone with the hook", () => {
    let dir: string;
    const git = (...args: readonly string[]): void => void execFileSync("git", args, { cwd: dir, stdio: "ignore" });
    const commit = () => {
      const name = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
      const env = {
        ...process.env,
        PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ""}`,
      };
      return spawnSync("git", [...name, "commit", "-m", "x"], { cwd: dir, encoding: "utf8", env });
    };
    before(() => {
      dir = mkdtempSync(path.join(tmpdir(), "orrery-hook-"));
      git("init", "-q");
      for (const part of [
        "orrery.mjs",
        "package.json",
        "cli",
        "config",
        "ops",
        "lab",
        "review",
        "policy",
        "components",
        "blocks",
        "contracts",
        "bench",
        ".githooks",
      ])
        cpSync(path.join(projectDir, part), path.join(dir, part), { recursive: true });
      symlinkSync(path.join(projectDir, "node_modules"), path.join(dir, "node_modules"), "junction");
      const { scripts } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      assert.match(execSync(scripts.hooks ?? "", { cwd: dir, encoding: "utf8" }), /^git runs \.githooks/);
    });
    after(() => {
      rmSync(dir, { recursive: true });
    });

    it("is refused before the commit, as it is staged, and encrypted text is not", () => {
      const file = path.join(dir, "Pulumi.own.yaml");
      writeFileSync(file, "config:\n  thoth:githubOauthToken: hidden\n");
      git("add", "Pulumi.own.yaml");
      // What is staged counts, not what is on the disk.
      writeFileSync(file, "config:\n  thoth:githubOauthToken:\n    secure: v1:abc\n");
      const refused = commit();
      assert.notEqual(refused.status, 0);
      assert.match(
        refused.stderr,
        /Pulumi\.own\.yaml: thoth:githubOauthToken is in clear; npx pulumi config set --secret/,
      );
      assert.doesNotMatch(refused.stderr, /hidden|\n\s+at /);
      git("add", "Pulumi.own.yaml");
      const { status, stderr } = commit();
      assert.equal(status, 0, stderr);
    });
  });
});
