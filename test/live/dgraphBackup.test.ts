/**
 * Backups of a real Dgraph with two groups of data: our scripts ask it for an export, restic saves it, and `dgraph live` loads the restored
 * one into an empty Dgraph. It is 1.2.8: 1.0.15, which the station runs, is no Go module. The repository is a folder. No lab is needed.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { backupScript } from "../../blocks/restic.ts";
import { askScript, clearScript, collectScript } from "../../components/thoth/dgraph/exports.ts";
import { tlsFolder } from "../../components/thoth/dgraph/flags.ts";
import { backupSettings } from "../../config/backups.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { ensureTool } from "../../lab/tools/tools.ts";
import { drillGraph } from "../../ops/lib/backups/graphDrill.ts";
import { Repository } from "../../ops/lib/backups/repository.ts";
import { type Ran, run } from "../../ops/lib/process.ts";
import { makeCertificates, serveExports } from "./backups/exportServers.ts";
import { Graph } from "./backups/graph.ts";
import { freePort } from "./port.ts";

const people = 1000;
const seconds = (begin: number): string => ((performance.now() - begin) / 1000).toFixed(1);
const settings = backupSettings.parse({ repository: "s3:https://s3.sample.invalid/backups" });
const question = `{ q(func: has(name), orderasc: name) { name age friend { name } } }`;

describe("backups of a real Dgraph", function () {
  this.timeout(600_000);
  const dir = mkdtempSync(path.join(tmpdir(), "dgraph-backup-"));
  const at = (...names: readonly string[]): string => path.join(dir, ...names);
  const login = { RESTIC_REPOSITORY: at("repository"), RESTIC_PASSWORD: "of-the-test", RESTIC_CACHE_DIR: at("cache") };
  const rclone = {
    ...{ PATH: process.env.PATH, ALPHAS: "127.0.0.1 127.0.0.2", GROUPS_EXPECTED: "2", SERVER: "v1.2.8" },
    ...{ RCLONE_CONFIG: at("rclone.conf"), RCLONE_CA_CERT: at("tls/ca.crt") },
    ...{ RCLONE_CLIENT_CERT: at("tls/client.user.crt"), RCLONE_CLIENT_KEY: at("tls/client.user.key") },
  };
  const servers: ChildProcess[] = [];
  const graphs: Graph[] = [];
  let program: string;

  const script = (shell: string, text: string, env: NodeJS.ProcessEnv): Promise<Ran> =>
    run(shell, shell === "bash" ? ["-c", text] : ["-ec", text], { cwd: at("backup"), env, timeout: 300 });
  const ask = (address: string): Promise<Ran> =>
    script("bash", askScript.replaceAll(tlsFolder, at("tls")), { PATH: process.env.PATH, ALPHA: address });
  async function graph(name: string, alphas: number): Promise<Graph> {
    const offset = (await freePort()) - 9080;
    const made = new Graph({ folder: at(name), program, tls: at("tls"), offset: offset - (offset % 4) });
    graphs.push(made);
    await made.start(alphas);
    return made;
  }

  before(async () => {
    await installPackages(["restic", "rclone", "gcc", "libc6-dev"], () => undefined); // Dgraph has parts in C
    program = await ensureTool("dgraph", console.error);
    mkdirSync(at("backup"));
    await makeCertificates(at("tls"));
  });
  after(async () => {
    for (const one of servers) one.kill();
    for (const one of graphs) await one.stop();
    rmSync(dir, { recursive: true });
  });

  it("an export of both groups is saved, whole, and loaded into an empty Dgraph it answers as before", async () => {
    const whole = await graph("whole", 2);
    // A predicate belongs to the group of the data server that hears of it first.
    await whole.ask(0, "/alter", "name: string @index(exact) .");
    await whole.ask(1, "/alter", "age: int @index(int) .\nfriend: [uid] @reverse .");
    const quads = Array.from({ length: people }, (_, n) => [
      `_:p${n} <name> "n${String(n).padStart(4, "0")} \\"x\\" ü" .`,
      `_:p${n} <age> "${n % 90}"^^<xs:int> .`,
      `_:p${n} <friend> _:p${(n * 7 + 1) % people} .`,
    ]);
    await whole.ask(0, "/mutate?commitNow=true", `{ set {\n${quads.flat().join("\n")}\n} }`, "application/rdf");
    const before = await whole.ask(0, "/query", question);
    for (const [n, host] of ["127.0.0.1", "127.0.0.2"].entries())
      servers.push(await serveExports(at("whole", `alpha-${n}`, "exports"), at("tls"), host));

    for (const [shell, text, env] of [
      ["sh", clearScript, rclone],
      ["bash", askScript.replaceAll(tlsFolder, at("tls")), { PATH: process.env.PATH, ALPHA: whole.address(0) }],
      ["sh", collectScript, rclone],
      ["sh", backupScript("thoth", settings), { PATH: process.env.PATH, ...login }],
    ] as const) {
      const { status, stderr } = await script(shell, text, env);
      assert.equal(status, 0, stderr);
    }
    assert.deepEqual(globSync(at("whole/alpha-*/exports/*")), []);

    const repository = new Repository({ url: login.RESTIC_REPOSITORY, env: login });
    const [newest] = await repository.snapshots("thoth");
    assert.ok(newest?.checked === true);
    const restore = (folder: string): Promise<void> => repository.restore(newest, folder);
    const { problems, compared } = await drillGraph(restore, new AbortController().signal);
    assert.deepEqual(problems, []);
    assert.match(compared, /^2 groups, \d+ N-Quads/);

    mkdirSync(at("restored"));
    const begin = performance.now();
    await restore(at("restored"));
    const empty = await graph("empty", 1);
    for (const data of globSync(at("restored/**/g*.rdf.gz")).sort()) {
      const words = ["live", "--files", data, "--schema", data.replace(/\.rdf\.gz$/, ".schema.gz"), "--alpha"];
      words.push(
        empty.address(0, 9080),
        "--zero",
        empty.manager,
        "--tls_cacert",
        at("tls/ca.crt"),
        "--http",
        "localhost:0",
      );
      words.push("--tls_server_name", "localhost");
      const { status, stderr } = await run(path.join(program, "dgraph"), words, { cwd: at("restored"), timeout: 120 });
      assert.equal(status, 0, stderr);
    }
    // The RTO in docs/backups.md.
    console.log(`restored and loaded into an empty Dgraph in ${seconds(begin)} s; the drill says: ${compared}`);
    assert.deepEqual(await empty.ask(0, "/query", question), before);
    assert.equal((before as { q: unknown[] }).q.length, people);
  });

  it("an export of which a group is missing is not saved", async () => {
    const [whole] = graphs;
    assert.ok(whole);
    assert.equal((await ask(whole.address(0))).status, 0);
    rmSync(at("whole/alpha-1/exports"), { recursive: true });
    mkdirSync(at("whole/alpha-1/exports"));
    rmSync(at("backup"), { recursive: true }); // each run has an empty folder of its own
    mkdirSync(at("backup"));
    const { status, stderr } = await script("sh", collectScript, rclone);
    assert.deepEqual([status, stderr.includes("the export has 1 groups of 2; nothing is saved")], [1, true], stderr);
  });

  it("an export that Dgraph refuses is reported with its answer, and one of a server that is gone fails", async () => {
    const [whole] = graphs;
    assert.ok(whole);
    rmSync(at("whole/alpha-1/exports"), { recursive: true });
    writeFileSync(at("whole/alpha-1/exports"), "not a folder: Dgraph makes one that is missing");
    const refused = await ask(whole.address(0));
    assert.deepEqual(
      [refused.status, /Dgraph made no export: .*errors/.test(refused.stderr)],
      [1, true],
      refused.stderr,
    );
    const address = whole.address(0);
    await whole.stop();
    assert.notEqual((await ask(address)).status, 0);
  });
});
