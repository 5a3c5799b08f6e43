/** `adopt --to` as one calls it, up to the first change. */
import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../../config/stackEdit.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { projectDir, stackPath } from "../../../config/stackFile.ts";
import { type Ran, run } from "../../../ops/lib/process.ts";
import { cronJob, object, workload } from "./fakeCluster.ts";

const pod = { volumes: [{ persistentVolumeClaim: { claimName: "data" } }], containers: [{ name: "postgres" }] };
const old = [
  workload("DeploymentConfig", "myproject/packit-service", 2, {}, "apps.openshift.io/v1"),
  workload("Deployment", "myproject/postgres-13", 1, pod),
  cronJob("packit-dev-sandbox/delete-pvcs"),
  object("v1", "PersistentVolumeClaim", "myproject/data"),
  object("v1", "PersistentVolumeClaim", "myproject/strange"),
  object("route.openshift.io/v1", "Route", "myproject/packit-service", { host: "packit.old.test" }),
];

describe("orrery adopt --to", function () {
  this.timeout(300_000);
  const dir = mkdtempSync(path.join(tmpdir(), "cut-over-"));
  const [file, world, bin] = [path.join(dir, "Pulumi.test.yaml"), path.join(dir, "world.json"), path.join(dir, "bin")];
  const servers = { old: "https://old.test:6443", fresh: "https://new.test:6443" };

  before(() => {
    copyFileSync(stackPath("test"), file);
    writeFileSync(file, put(readFileSync(file, "utf8"), ["config", "packit:settings", "postgres"], { version: "16" }));
    mkdirSync(bin);
    const program = path.join(import.meta.dirname, "fakeKubectl.ts");
    writeFileSync(path.join(bin, "kubectl"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(path.join(bin, "kubectl"), 0o755);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  function adopt(has: object, ...words: readonly string[]): Promise<Ran> {
    writeFileSync(world, JSON.stringify({ servers, old, ...has }));
    const args = [
      "cli/orrery.ts",
      "adopt",
      "--stack",
      "test",
      "--config-file",
      file,
      "--out",
      path.join(dir, "journal"),
    ];
    const env = {
      ...{ PATH: `${bin}:${process.env.PATH ?? ""}`, FAKE_CLUSTERS: world },
      PULUMI_CONFIG_PASSPHRASE: samplePassphrase("test"),
    };
    const all = [...args, "--kubeconfig", path.join(dir, "old"), "--to", "lab", ...words];
    return run(process.execPath, all, { cwd: projectDir, env });
  }

  it("--dry-run prints the plan, and what is to be decided", async () => {
    const before_ = readFileSync(file, "utf8");
    const open = await adopt({}, "--dry-run");
    assert.equal(open.status, 1, open.stderr);
    assert.match(open.stdout, /^ {2}DeploymentConfig myproject\/packit-service, 2 pods$/m);
    assert.match(open.stdout, /^secrets:\n(.*\n)* {2}0 found, \d+ missing, 0 left over$/m);
    assert.match(open.stdout, /^ {2}packit\.old\.test: only the old Route myproject\/packit-service has it/m);
    // The Stream service is in this stack, too, and its database is not there.
    assert.match(
      open.stderr,
      /^PROBLEM {2}Database stream-dev\/packit: its server does not run: start it; or leave it behind/m,
    );
    assert.match(open.stderr, /^TO DECIDE {2}PersistentVolumeClaim myproject\/strange has data that nothing copies/m);
    assert.match(open.stderr, /\nnothing was changed; run this again after that\n$/);
    const accept = ["--accept", "PersistentVolumeClaim *", "--accept", "Database stream-dev/packit"];
    const { status, stdout, stderr } = await adopt({}, "--dry-run", "--json", ...accept);
    assert.deepEqual([status, stderr], [0, ""]);
    const { stops, undecided, problems, from, done } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      { stops, undecided, problems, from, done },
      {
        stops: [
          { title: "CronJob packit-dev-sandbox/delete-pvcs", suspend: false, declared: true },
          { title: "Deployment myproject/postgres-13", replicas: 1, declared: false },
          { title: "DeploymentConfig myproject/packit-service", replicas: 2, declared: true },
        ],
        ...{ undecided: [], problems: [], from: "https://old.test:6443", done: [] },
      },
    );
    assert.deepEqual([readFileSync(file, "utf8"), existsSync(path.join(dir, "journal"))], [before_, false]);
  });

  it("one cluster under two names, an old one without the service, and an unknown new one are refused", async () => {
    const same = await adopt({ servers: { ...servers, old: "https://new.test:6443/" } }, "--yes");
    assert.match(
      same.stderr,
      /--kubeconfig is for https:\/\/new\.test:6443\/, which is the new cluster; name the old one's/,
    );
    const none = await adopt({ old: [] }, "--yes");
    assert.match(
      none.stderr,
      /^PROBLEM {2}nothing that the stack declares runs in the old cluster: is --kubeconfig the right one/,
    );
    const unknown = await adopt({}, "--to", "moon", "--yes");
    assert.match(unknown.stderr, /Pulumi\.test\.yaml has no clusters:moon/);
    const later = await adopt({}, "--accept", "*", "--accept", "Database stream-dev/*");
    assert.match(later.stderr, /there is no terminal to ask on: give --yes, or --dry-run/);
    assert.equal(existsSync(path.join(dir, "journal")), false);
  });
});
