/**
 * The programs of Dgraph's and the hubs' backups with a real restic and a real rclone: saved, restored, compared; damage is found. The
 * repository is a folder. Stand-ins: the data servers, which answer and write as v1.0.15 does, and ZFS. No lab is needed.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { backupScript } from "../../blocks/restic.ts";
import { homesBackupScript } from "../../components/callysto/guest/homesBackup.ts";
import { askScript, clearScript, collectScript, exportsPort } from "../../components/thoth/dgraph/exports.ts";
import { tlsFolder } from "../../components/thoth/dgraph/flags.ts";
import { backupSettings } from "../../config/backups.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { drillGraph } from "../../ops/lib/backups/graphDrill.ts";
import { drillHomes } from "../../ops/lib/backups/homesDrill.ts";
import type { DrillOf, DrillResult } from "../../ops/lib/backups/drilled.ts";
import { Repository } from "../../ops/lib/backups/repository.ts";
import { run } from "../../ops/lib/process.ts";
import { makeCertificates, serveExports } from "./backups/exportServers.ts";

const settings = backupSettings.parse({ repository: "s3:https://s3.sample.invalid/backups" });

describe("programs of backups", function () {
  this.timeout(300_000);
  const dir = mkdtempSync(path.join(tmpdir(), "backups-programs-"));
  const at = (...names: readonly string[]): string => path.join(dir, ...names);
  const login = { RESTIC_REPOSITORY: at("repository"), RESTIC_PASSWORD: "of-the-test", RESTIC_CACHE_DIR: at("cache") };
  const repository = new Repository({ url: login.RESTIC_REPOSITORY, env: login });

  before(() => installPackages(["restic", "rclone"], () => undefined));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  async function done(shell: string, script: string, env: NodeJS.ProcessEnv, cwd: string): Promise<void> {
    const { status, stderr } = await run(shell, ["-ec", script], { cwd, env, timeout: 120 });
    assert.equal(status, 0, stderr);
  }
  async function drilled(host: string, drill: DrillOf, change?: (folder: string) => void): Promise<DrillResult> {
    const [newest] = await repository.snapshots(host);
    assert.ok(newest?.checked === true);
    const restore = async (folder: string): Promise<void> => {
      await repository.restore(newest, folder);
      change?.(folder);
    };
    return drill(restore, new AbortController().signal);
  }

  describe("of Dgraph", () => {
    let [exports, alpha]: [ChildProcess, Server] = [] as never;
    const here = (script: string): string => script.replaceAll(tlsFolder, at("tls"));
    const rclone = {
      ...{ PATH: process.env.PATH, ALPHAS: "localhost", GROUPS_EXPECTED: "1", SERVER: "v1.0.15" },
      ...{ RCLONE_CONFIG: at("rclone.conf"), RCLONE_CA_CERT: at("tls/ca.crt") },
      ...{ RCLONE_CLIENT_CERT: at("tls/client.user.crt"), RCLONE_CLIENT_KEY: at("tls/client.user.key") },
    };

    before(async () => {
      for (const folder of ["exports", "backup"]) mkdirSync(at(folder));
      await makeCertificates(at("tls"));
      exports = await serveExports(at("exports"), at("tls"));
      const read = (name: string): Buffer => readFileSync(at("tls", name));
      let count = 0;
      alpha = createServer({ cert: read("node.crt"), key: read("node.key") }, ({ url }, answer) => {
        assert.equal(url, "/admin/export");
        const folder = at("exports", `dgraph.r${(count += 1)}.u1123.1600`);
        mkdirSync(folder, { mode: 0o700 });
        const quads = Array.from({ length: 5000 }, (_, n) => `<_:uid${n.toString(16)}> <name> "n${n} \\"x\\"" .\n`);
        writeFileSync(path.join(folder, "g01.rdf.gz"), gzipSync(quads.join("")));
        writeFileSync(path.join(folder, "g01.schema.gz"), gzipSync("name:string @index(exact) . \n"));
        answer.end('{"code": "Success", "message": "Export completed."}');
      });
      await new Promise<void>((resolve) => alpha.listen(0, "localhost", resolve));
    });
    after(() => {
      exports.kill();
      alpha.close();
    });

    it("an export is asked for, fetched from where it was written and removed there, saved and whole; left-overs are not", async () => {
      const address = { ALPHA: `https://localhost:${(alpha.address() as AddressInfo).port}` };
      for (let round = 1; round <= 2; round++) {
        mkdirSync(at("exports/dgraph.r0.u0101.0000"));
        writeFileSync(at("exports/dgraph.r0.u0101.0000/g01.rdf.gz"), "of a run that failed");
        rmSync(at("backup"), { recursive: true });
        mkdirSync(at("backup"));
        await done("sh", clearScript, rclone, at("backup"));
        await done("bash", here(askScript), { PATH: process.env.PATH, ...address }, at("backup"));
        await done("sh", collectScript, rclone, at("backup"));
        assert.deepEqual(globSync(at("exports/*")), []);
        await done("sh", backupScript("thoth", settings), { PATH: process.env.PATH, ...login }, at("backup"));
        const { problems, compared } = await drilled("thoth", drillGraph);
        assert.deepEqual([problems, compared], [[], "1 group, 5000 N-Quads, not loaded"]);
      }
    });

    it("without the client's certificate nobody gets at an export", async () => {
      const words = ["lsf", "--webdav-url", `https://localhost:${exportsPort}`, ":webdav:", "--retries", "1"];
      const env = { PATH: process.env.PATH, RCLONE_CONFIG: at("none"), RCLONE_CA_CERT: at("tls/ca.crt") };
      assert.notEqual((await run("rclone", words, { env, timeout: 60 })).status, 0);
    });

    it("an export that was cut off is found", async () => {
      const { problems } = await drilled("thoth", drillGraph, (folder) => {
        const [file = ""] = globSync(`${folder}/**/g01.rdf.gz`);
        truncateSync(file, 500);
      });
      assert.match(problems.join("; "), /g01\.rdf\.gz cannot be unpacked/);
    });
  });

  describe("of a hub", () => {
    const environment = Object.entries(login).map(([name, value]) => `${name}='${value}'\n`);
    const program = (name: string, text: string): void => {
      writeFileSync(at("bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };

    before(() => {
      for (const folder of ["bin", "homes/ada/deep", "homes/bob"]) mkdirSync(at(folder), { recursive: true });
      writeFileSync(at("homes/ada/deep/a file"), "12345");
      writeFileSync(at("homes/bob/notes"), "1".repeat(100_000));
      writeFileSync(at("environment"), environment.join(""));
      writeFileSync(at("backup-homes"), homesBackupScript("hub", settings), { mode: 0o755 });
      program("unshare", 'shift; exec "$@"');
      program(
        "zfs",
        `case "$*" in
  "list -H -t snapshot tank/home@orrery-backup") exit 1 ;;
  "list -H -o name -t snapshot -r tank/home") printf '%s\\n' tank/home@orrery-backup tank/home/ada@orrery-backup tank/home/bob@orrery-backup ;;
esac`,
      );
      program("mount", `name=\${6#homes/}; cp -r "${at("homes")}/$name/." "$6"`);
    });

    it("homes are saved, listed as checked, restored and compared; a lost file is found", async () => {
      const variables = { BACKUP_PATH: `${at("bin")}:${process.env.PATH ?? ""}`, BACKUP_LOG: at("log") };
      const folders = { BACKUP_FOLDER: at("run"), BACKUP_ENVIRONMENT: at("environment") };
      const { status, stdout } = await run(at("backup-homes"), [], { env: { ...variables, ...folders }, timeout: 120 });
      assert.deepEqual([status, stdout], [0, ""], existsSync(at("log")) ? readFileSync(at("log"), "utf8") : "");
      const whole = await drilled("callysto-hub", drillHomes);
      assert.deepEqual([whole.problems, whole.compared], [[], "2 homes, 2 files"]);
      const { problems } = await drilled("callysto-hub", drillHomes, (folder) => {
        rmSync(globSync(`${folder}/**/notes`)[0] ?? "");
      });
      assert.deepEqual(problems, ["home bob has 0 files of 0 bytes, 1 of 100000 were saved"]);
      // The data sets of a repository are apart.
      assert.equal((await repository.snapshots("thoth")).length, 1);
    });
  });
});
