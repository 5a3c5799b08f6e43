/** Backups of Dgraph: what is declared for them, what the scripts do with a real rclone, and what a drill finds. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, it } from "mocha";
import { violations } from "../../../contracts/check/violations.ts";
import { askScript, collectScript, type ExportContents } from "../../../components/thoth/dgraph/exports.ts";
import { compareExport } from "../../../ops/lib/backups/graphDrill.ts";
import { run } from "../../../ops/lib/process.ts";
import { manifestViolations } from "../../../policy/violations.ts";
import { allContracts } from "../recordings.ts";
import { buildThoth, problems, thothConfig } from "../thoth/fixture.ts";
import { cron, env, mounts, type Pod } from "../thoth/pods.ts";

const backups = { repository: "s3:https://s3.sample.invalid/backups/thoth" };
const dgraph = { cluster: "lab", namespace: "graph", mode: "ha", whitelist: "172.54.0.0:172.54.255.255", alphas: 4 };
const commandOf = (container: Record<string, unknown> | undefined): readonly string[] =>
  container?.command as readonly string[];

describe("backups of Dgraph", () => {
  it("without the setting nothing of them is declared; with it CronJob, Secret, NetworkPolicy, and a server of exports", async () => {
    const without = await buildThoth({ dgraph });
    assert.doesNotMatch(JSON.stringify(without.manifests), /restic|rclone|exports/);
    const seen = await buildThoth({ dgraph: { ...dgraph, backups } });
    const own = seen.manifests.filter(({ name }) => name === "dgraph-backup").map(({ kind }) => kind);
    assert.deepEqual(own.toSorted(), ["CronJob", "NetworkPolicy", "Secret", "ServiceAccount"]);
    const { template } = seen.object("StatefulSet alpha").spec as { template: { spec: Pod } };
    const [alpha, exports] = template.spec.containers;
    assert.match(commandOf(alpha)[2] ?? "", / --zero \S+ --export \/exports --lru_mb /);
    assert.deepEqual(commandOf(exports), [
      ...["rclone", "serve", "webdav", "/exports", "--addr=:8443", "--cert=/var/run/secrets/dgraph/node.crt"],
      ...["--key=/var/run/secrets/dgraph/node.key", "--client-ca=/var/run/secrets/dgraph/ca.crt"],
      ...["--min-tls-version=tls1.2", "--dir-cache-time=0s"],
    ]);
    // Not the volume of the data.
    for (const one of [alpha, exports])
      assert.deepEqual(mounts(template.spec, one)["/exports"], { emptyDir: { sizeLimit: "5Gi" } });
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });

  it("the job clears, asks, collects and saves, with the client's certificate, and reaches data servers and the bucket only", async () => {
    const seen = await buildThoth({ dgraph: { ...dgraph, backups } });
    const { spec, pod } = cron(seen, "dgraph-backup");
    assert.equal(spec.schedule, "37 1 * * *");
    const all = [...pod.initContainers, ...pod.containers];
    assert.deepEqual(
      all.map(({ name }) => name),
      ["clear", "export", "collect", "restic"],
    );
    const inside = "graph.svc.cluster.local";
    const { ALPHAS, GROUPS_EXPECTED, SERVER, ...certificates } = env(all[2]);
    assert.equal(ALPHAS, [0, 1, 2, 3].map((one) => `alpha-${one}.alpha.${inside}`).join(" "));
    assert.deepEqual([GROUPS_EXPECTED, SERVER], ["2", "v1.0.15"]);
    assert.deepEqual(certificates, {
      RCLONE_CONFIG: "/tmp/rclone.conf",
      RCLONE_CA_CERT: "/var/run/secrets/dgraph/ca.crt",
      RCLONE_CLIENT_CERT: "/var/run/secrets/dgraph/client.user.crt",
      RCLONE_CLIENT_KEY: "/var/run/secrets/dgraph/client.user.key",
    });
    assert.deepEqual(env(all[1]), { ALPHA: `https://alpha-public.${inside}:8080` });
    assert.match(commandOf(all[3])[2] ?? "", /^restic backup --host thoth \.$/m);
    const { egress } = seen.object("NetworkPolicy dgraph-backup").spec as { egress: { ports: { port: number }[] }[] };
    assert.deepEqual(
      egress.map(({ ports }) => ports.map(({ port }) => port)),
      [[53, 53, 5353, 5353], [8080, 8443], [443]],
    );
    assert.match(JSON.stringify(seen.object("NetworkPolicy dgraph").spec), /\{"app":"dgraph-backup"\}/);
  });

  it("the programs read what is declared, with several servers and with one", async () => {
    for (const mode of ["ha", "single"]) {
      const { resources } = await buildThoth({ dgraph: { ...dgraph, mode, backups } });
      assert.deepEqual(violations(resources, allContracts()), []);
    }
  });

  it("a version that cannot be asked for an export that way is refused", () => {
    const found = (version: string): string =>
      problems(thothConfig({ dgraph: { ...dgraph, backups, version } })).join("\n");
    assert.equal(found("v20.11.3"), "");
    assert.match(found("v21.03.2"), /dgraph\.backups: are made up to v20; v21\.03\.2 has no \/admin\/export/);
  });
});

describe("an export of Dgraph", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "orrery-graph-"));
    mkdirSync(path.join(dir, "bin"));
    mkdirSync(path.join(dir, "backup"));
    // rclone moves what a data server has.
    program(
      "rclone",
      'for word; do case "$word" in https://*) name=${word#https://}; cp -r "../${name%%.*}"/. . ;; esac; done',
    );
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function program(name: string, text: string): void {
    writeFileSync(path.join(dir, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  /** What the leader of a group has written. */
  function write(server: string, file: string, text: string): void {
    const folder = path.join(dir, server, "dgraph.r5.u1123.1600");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, file), gzipSync(text));
  }
  const start = (shell: string, script: string, variables: NodeJS.ProcessEnv) =>
    run(shell, ["-ec", script], {
      cwd: path.join(dir, "backup"),
      env: { PATH: `${path.join(dir, "bin")}:${process.env.PATH ?? ""}`, ...variables },
      timeout: 30,
    });
  const collect = (groups: number) =>
    start("sh", collectScript, {
      ...{ ALPHAS: "alpha-0.alpha.graph alpha-1.alpha.graph", GROUPS_EXPECTED: String(groups), SERVER: "v1.0.15" },
    });
  const fill = (): void => {
    write("alpha-0", "g01.rdf.gz", '<_:uid1> <name> "a" .\n<_:uid1> <knows> <_:uid2> (since=2006) .\n');
    write("alpha-0", "g01.schema.gz", "name:string . \n");
    write("alpha-1", "g02.rdf.gz", "");
    write("alpha-1", "g02.schema.gz", "");
  };

  it("is collected from all leaders, with its list, and is whole when it is restored", async () => {
    fill();
    const { status, stderr } = await collect(2);
    assert.equal(status, 0, stderr);
    const { server, files } = JSON.parse(
      readFileSync(path.join(dir, "backup", "contents.json"), "utf8"),
    ) as ExportContents;
    const folder = "dgraph.r5.u1123.1600";
    const sha256 = createHash("sha256")
      .update(readFileSync(path.join(dir, "alpha-0", folder, "g01.rdf.gz")))
      .digest("hex");
    assert.equal(server, "v1.0.15");
    assert.deepEqual(files[`${folder}/g01.rdf.gz`], { lines: 2, sha256 });
    assert.deepEqual(
      Object.entries(files).map(([name, { lines }]) => [path.basename(name), lines]),
      [
        ["g01.rdf.gz", 2],
        ["g01.schema.gz", 1],
        ["g02.rdf.gz", 0],
        ["g02.schema.gz", 0],
      ],
    );
    assert.deepEqual(await compareExport(path.join(dir, "backup")), {
      problems: [],
      compared: "2 groups, 2 N-Quads, not loaded",
    });
  });

  it("is not saved without a group, without a schema, or cut off", async () => {
    mkdirSync(path.join(dir, "alpha-1"));
    write("alpha-0", "g01.rdf.gz", "");
    assert.match((await collect(1)).stderr, /g01\.rdf\.gz has no schema; nothing is saved/);
    write("alpha-0", "g01.schema.gz", "");
    const half = await collect(2);
    assert.deepEqual([half.status, half.stderr.trim()], [1, "the export has 1 groups of 2; nothing is saved"]);
    fill();
    const file = path.join(dir, "alpha-1", "dgraph.r5.u1123.1600", "g02.schema.gz");
    writeFileSync(file, readFileSync(file).subarray(0, 12));
    assert.notEqual((await collect(2)).status, 0);
  });

  it("a lost line, a changed value, a file that is gone or cut, and a line that is no N-Quad are found", async () => {
    fill();
    assert.equal((await collect(2)).status, 0);
    const name = "dgraph.r5.u1123.1600/g01.rdf.gz";
    const file = path.join(dir, "backup", name);
    const found = async (bytes: Buffer): Promise<readonly string[]> => {
      writeFileSync(file, bytes);
      return (await compareExport(path.join(dir, "backup"))).problems;
    };
    const whole = readFileSync(file);
    assert.deepEqual(await found(gzipSync('<_:uid1> <name> "a" .\n')), [`${name} has 1 lines, 2 were saved`]);
    assert.deepEqual(await found(gzipSync('<_:uid1> <name> "b" .\n<_:uid1> <x> "y" .\n')), [
      `${name} is not what was saved`,
    ]);
    assert.match((await found(whole.subarray(0, whole.length - 9)))[0] ?? "", /cannot be unpacked/);
    rmSync(file);
    assert.deepEqual((await compareExport(path.join(dir, "backup"))).problems, [`${name} is missing`]);
    writeFileSync(path.join(dir, "alpha-0", name), gzipSync("nothing\n"));
    assert.equal((await collect(2)).status, 0);
    assert.deepEqual((await compareExport(path.join(dir, "backup"))).problems, [
      `${name} has a line that is no N-Quad: 1`,
    ]);
  });

  it("an answer other than success ends the job, as Dgraph answers failures with status 200", async () => {
    program("curl", `printf '%s' '{"code": "Success", "message": "Export completed."}'`);
    assert.equal((await start("bash", askScript, { ALPHA: "https://alpha:8080" })).status, 0);
    program("curl", `printf '%s' '{"errors":[{"code":"Error","message":"Export failed."}]}'`);
    const { status, stderr } = await start("bash", askScript, { ALPHA: "https://alpha:8080" });
    assert.equal(status, 1);
    assert.match(stderr, /^Dgraph made no export: .*Export failed/);
  });
});
