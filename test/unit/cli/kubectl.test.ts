/** What commands make of kubectl's end and of a kubeconfig that is none, with a program of ours in kubectl's place. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { guardCluster } from "../../../ops/lib/kube/cluster.ts";
import { Kubectl } from "../../../ops/lib/kube/kubectl.ts";
import { put } from "../../../ops/lib/packit/cache.ts";

describe("kubectl", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "kubectl-"));
  const calls = path.join(folder, "calls");
  const found = process.env.PATH;
  const kubectl = new Kubectl("packit", {});

  /** Makes kubectl a program that notes its words and then does this. */
  function does(script: string): void {
    writeFileSync(path.join(folder, "kubectl"), `#!/bin/sh\necho "$*" >>"${calls}"\n${script}\n`);
    chmodSync(path.join(folder, "kubectl"), 0o755);
  }
  before(() => {
    process.env.PATH = `${folder}:${found ?? ""}`;
  });
  afterEach(() => {
    rmSync(calls, { force: true });
  });
  after(() => {
    process.env.PATH = found;
    rmSync(folder, { recursive: true });
  });

  it("is no success in the foreground when a signal ended it", async () => {
    for (const [script, code] of [
      ["exit 0", 0],
      ["exit 3", 3],
      ["kill -KILL $$", 137],
      ["kill -TERM $$", 143],
    ] as const) {
      does(script);
      assert.equal(await kubectl.foreground(["exec", "pod"]), code);
    }
  });

  it("gets no repository in the place of another one when that could not be read completely", async () => {
    does("cat >/dev/null");
    const container = { pod: "packit-worker-0", container: "worker" };
    const from = path.join(folder, "repository");
    mkdirSync(from);
    const source = { name: "repository", from, local: true };
    const { signal } = new AbortController();
    await put(kubectl, container, source, signal);
    assert.match(
      readFileSync(calls, "utf8"),
      /tar -xf - [^]*mv "\$1\.part" "\$1" sh \/repository-cache\/repository\n.*rev-parse/,
    );
    rmSync(calls);
    const missing = { ...source, from: path.join(folder, "gone") };
    await assert.rejects(
      put(kubectl, container, missing, signal),
      /gone could not be read completely \(tar: exit code 2\)/,
    );
    assert.doesNotMatch(readFileSync(calls, "utf8"), /mv |rev-parse/);
    does("exit 7");
    await assert.rejects(put(kubectl, container, source, signal), /^Error: packit-worker-0: sh failed: exit code 7/);
  });

  it("is not asked with a kubeconfig that is no YAML, whose text no message has", async () => {
    does("exit 1");
    const file = path.join(folder, "Pulumi.stage.yaml");
    const { text, encryptionSalt = "" } = readStackFile(stackPath("stage"));
    const crypter = openSalt(encryptionSalt, samplePassphrase("stage"));
    const broken = 'users:\n- user: {token: "sha256~secret\n- name: x: y\n';
    writeFileSync(file, setSecret(text, "clusters:psi", crypter.encrypt(broken)));
    const message = "Pulumi.stage.yaml: clusters:psi is no YAML, so no kubeconfig";
    await assert.rejects(guardCluster({ name: "stage", file }, "psi", kubectl), { message });
    assert.ok(!existsSync(calls));
  });
});
