/** Prow's life cycle as one runs it by hand, on a test cluster of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../config/stackFile.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { labNextTo } from "../../lab/settings.ts";
import { type Github, startGithub } from "./prow/github.ts";

/** The test cluster's ports follow those of this lab, and so does its folder. */
const cluster = labNextTo(lab, "prow");

function ops(...words: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["cli/orrery.ts", "prow", ...words], {
      cwd: projectDir,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, text });
    });
  });
}

describe("the life cycle of Prow's test environment", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-prow-life-"));
  let github: Github;
  let token: readonly string[];
  before(async () => {
    github = await startGithub();
    token = ["--stack", "test", "--github-endpoint", github.url];
  });
  after(async () => {
    await ops("destroy");
    github.close();
    rmSync(folder, { recursive: true });
  });

  it("prepare refuses a token that may do too much", async () => {
    github.scopes = "repo";
    const refused = await ops("prepare", ...token);
    github.scopes = "read:user";
    assert.equal(refused.code, 1, refused.text);
    assert.match(refused.text, /^orrery: the token of lab-bot may do more than this environment should/m);
    assert.ok(!existsSync(cluster.dir));
  });

  it("prepare runs once, and says how to start from scratch", async () => {
    const made = await ops("prepare", ...token);
    assert.equal(made.code, 0, made.text);
    const twice = await ops("prepare", ...token);
    assert.equal(twice.code, 1);
    assert.match(twice.text, /^orrery: the test cluster was prepared for test at \S+, and that cannot be done twice/m);
  });

  it("converge deploys, verifies and collects artifacts; cleanup keeps the cluster", async () => {
    const artifacts = path.join(folder, "artifacts");
    const deployed = await ops("converge", ...token, "--lab", "--every", "2s", "--artifacts", artifacts);
    assert.equal(deployed.code, 0, deployed.text);
    assert.match(deployed.text, /^settled$/m);
    assert.ok(existsSync(path.join(artifacts, "jobs", "roles", "hook")), "no artifacts");
    const verified = await ops("verify", "--stack", "test", "--lab");
    assert.equal(verified.code, 0, verified.text);
    const api = kubeApi(cluster);
    assert.ok(await api.find("/apis/apps/v1/namespaces/kubernetes-prow/deployments/hook"));
    const removed = await ops("cleanup", "--stack", "test", "--lab");
    assert.equal(removed.code, 0, removed.text);
    assert.equal(await api.find("/apis/apps/v1/namespaces/kubernetes-prow/deployments/hook"), undefined);
    assert.equal((await api.text("/readyz")).status, 200, "the cluster is gone");
  });

  it("artifacts are collected even when deploying fails", async () => {
    const artifacts = path.join(folder, "failed");
    const wrong = ["--kubeconfig", path.join(folder, "no-such-kubeconfig")];
    const failed = await ops("converge", ...token, "--lab", "--tries", "1", "--artifacts", artifacts, ...wrong);
    assert.notEqual(failed.code, 0);
    assert.ok(existsSync(path.join(artifacts, "host-netstat.txt")));
    assert.ok(existsSync(path.join(artifacts, "not-collected.txt")));
  });

  it("test runs all steps in one command from an empty machine, and leaves nothing", async () => {
    const gone = await ops("destroy");
    assert.equal(gone.code, 0, gone.text);
    assert.ok(!existsSync(cluster.dir));
    const whole = await ops("test", ...token, "--every", "2s", "--artifacts", path.join(folder, "whole"));
    assert.equal(whole.code, 0, whole.text);
    assert.match(whole.text, /^\d+ checks, 0 wrong$/m);
    assert.ok(!existsSync(cluster.dir));
  });
});
