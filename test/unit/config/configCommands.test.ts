import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { ProjectCopy } from "./projectCopy.ts";

describe("orrery config sample and config check", () => {
  let project: ProjectCopy;
  before(() => {
    project = new ProjectCopy();
  });
  after(() => {
    project.remove();
  });

  it("config sample adds missing secrets, once", () => {
    const file = stackPath("test", project.dir);
    const full = readFileSync(file, "utf8");
    const lacking = full.replace(/\n {2}thoth:githubOauthToken:\n {4}secure: \S+/, "");
    assert.notEqual(lacking, full);
    writeFileSync(file, lacking);
    assert.match(project.run("check", "--stack", "test").out, /thoth:githubOauthToken: the secret is missing/);
    const { code, out } = project.run("check", "--stack", "test", "--json");
    const [problem, ...others] = JSON.parse(out) as readonly Readonly<Record<string, string>>[];
    assert.deepEqual([code, problem?.stack, problem?.key, others], [1, "test", "thoth:githubOauthToken", []]);
    assert.match(problem?.message ?? "", /^the secret is missing/);
    assert.match(problem?.fix ?? "", /^npx pulumi config set --stack test --secret thoth:githubOauthToken$/);
    assert.match(project.run("sample", "--stack", "test").out, /added a sample for thoth:githubOauthToken/);
    const { entries, text } = readStackFile(file);
    assert.ok(text.startsWith(lacking.trimEnd()));
    assert.ok(entries.has("thoth:githubOauthToken"));
    assert.match(project.run("sample", "--stack", "test").out, /lacks no secret/);
    assert.deepEqual(project.run("check", "--stack", "test", "--json"), { code: 0, out: "[]\n" });
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("config sample leaves a file alone that a key service or another passphrase encrypts, or with --dry-run", () => {
    const file = stackPath("test", project.dir);
    const full = readFileSync(file, "utf8");
    const lacking = full.replace(/\n {2}thoth:githubOauthToken:\n {4}secure: \S+/, "");
    const byService = lacking.replace(/^encryptionsalt: .*$/m, "secretsprovider: awskms://alias/orrery");
    assert.notEqual(byService, lacking);
    for (const [text, words, code, says] of [
      [
        byService,
        [],
        2,
        /stack test is encrypted by awskms:\/\/alias\/orrery, not by a passphrase; use npx pulumi config set --secret/,
      ],
      [lacking, ["--dry-run"], 0, /^Pulumi\.test\.yaml: would add a sample for thoth:githubOauthToken$/m],
    ] as const) {
      writeFileSync(file, text);
      const ended = project.run("sample", "--stack", "test", ...words);
      assert.equal(ended.code, code, ended.out);
      assert.match(ended.out, says);
      assert.equal(readFileSync(file, "utf8"), text);
    }
    writeFileSync(file, full);
  });

  it("config check --json lists what keeps a file from being read, of all stacks, without a key", () => {
    const file = path.join(project.dir, "Pulumi.broken.yaml");
    writeFileSync(file, "config:\n  a:b: {secure: v1:x, more: 1}\n  a:b: 2\n");
    const { code, out } = project.run("check", "--json");
    rmSync(file);
    const found = JSON.parse(out) as readonly Readonly<Record<string, string>>[];
    assert.equal(code, 1);
    assert.deepEqual([...new Set(found.map(({ stack }) => stack))], ["broken"]);
    assert.ok(found.length > 0 && found.every(({ key, message }) => key === undefined && message !== ""), out);
  });

  it("config prints its usage", () => {
    const { code, out } = project.run("what");
    assert.equal(code, 2);
    assert.match(out, /^orrery: config has no command "what"\n/);
  });
});
