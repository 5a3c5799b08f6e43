/**
 * Packit's database: dumped by the declared commands, saved by restic in the lab's S3, listed, restored and compared; damage is found,
 * and what retention removes is gone. PostgreSQL, restic and S3 are real; the job's containers run next to them. Not shown: the images.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { setSecret } from "../../config/stackEdit.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { api } from "../../lab/harness/kube.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { changed, type OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";
import { s3Env } from "../../lab/openstack/objectStore.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { run } from "../../ops/lib/process.ts";
import type { Drilled } from "../../ops/lib/backups/drill.ts";
import type { Listed } from "../../ops/lib/backups/list.ts";
import type { Bucket } from "../../ops/lib/state/backend/bucket.ts";
import { s3Bucket } from "../../ops/lib/state/backend/s3.ts";
import type { Report } from "../../ops/lib/status/row.ts";
import { type JobRun, runBackup } from "./backups/job.ts";
import { PostgresServer } from "./backups/postgres.ts";
import { type TlsFront, tlsFront } from "./backups/tls.ts";

const namespace = "myproject";
const cronJob = `/apis/batch/v1/namespaces/${namespace}/cronjobs/database-backup`;
const bucketName = "backups";
const password = "restic-password-of-the-test";

const filling = [
  "CREATE TABLE projects (id serial PRIMARY KEY, name text NOT NULL, data jsonb, raw bytea, tags text[], price float8)",
  "CREATE TABLE builds (id bigserial PRIMARY KEY, project int NOT NULL REFERENCES projects, at timestamptz, log text)",
  "CREATE TABLE nothing (id int)",
  `INSERT INTO projects (name, data, raw, tags, price) SELECT 'projekt-ž-' || n, jsonb_build_object('n', n, 'ünï', '日本'),
     decode(md5(n::text), 'hex'), ARRAY['a', n::text], n / 7.0 FROM generate_series(1, 500) n`,
  `INSERT INTO builds (project, at, log) SELECT 1 + n % 500, now() - n * interval '1 minute',
     (SELECT string_agg(md5(i * n || 'x'), '') FROM generate_series(1, 8) i) FROM generate_series(1, 30000) n`,
].join("; ");

/** A time as restic takes it. */
const daysAgo = (days: number): string =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace("T", " ");

describe("backups", function () {
  this.timeout(600_000);
  const dir = mkdtempSync(path.join(tmpdir(), "backups-"));
  let [stack, database, bucket]: [SystemOnLab, PostgresServer, Bucket] = [] as never;
  let login: NodeJS.ProcessEnv = {};
  let front: TlsFront;

  before(async () => {
    await installPackages(["restic", "postgresql-15"], () => undefined);
    database = await PostgresServer.start();
    await database.ask(`SET ROLE packit; ${filling}`, "packit");
    await database.ask('CREATE ROLE "read-er"');
    await database.ask('GRANT SELECT ON builds TO "read-er"', "packit");
    stack = await SystemOnLab.open("packit", "test");
    front = await tlsFront(lab.ports.swift);
    const authority = path.join(dir, "authority.pem");
    writeFileSync(authority, front.certificate);
    const env = await s3Env(lab);
    const { AWS_ACCESS_KEY_ID: id = "", AWS_SECRET_ACCESS_KEY: secret = "" } = env;
    login = {
      ...{ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, RESTIC_PASSWORD: password },
      ...{ RESTIC_REPOSITORY: repository(), RESTIC_CACHE_DIR: path.join(dir, "cache") },
      SSL_CERT_FILE: authority,
    };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret });
    bucket = s3Bucket((env.PULUMI_BACKEND_URL ?? "").replace("pulumi-state", bucketName));
    for (const folder of ["packit", "packit-state"]) {
      for (const key of await bucket.list(folder).catch(() => [])) await bucket.remove(key);
    }
  });
  after(async () => {
    await stack.close(namespace, "packit-dev-sandbox");
    await database.stop();
    front.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const repository = (): string => `s3:https://localhost:${front.port}/${bucketName}/packit`;
  const ops = (name: string, ...words: readonly string[]): Promise<OpsOutcome> =>
    stack.opsOf(name, words, {
      ...login,
      RESTIC_REPOSITORY: `${repository()}-state`,
      RESTIC_PASSWORD: "state-password",
    });

  /** Calls restic by hand. */
  async function restic(words: readonly string[], cwd = dir): Promise<string> {
    const { status, stdout, stderr } = await run("restic", words, { cwd, env: login });
    assert.equal(status, 0, `restic ${words.join(" ")}: ${stderr}`);
    return stdout;
  }
  const backUp = (): Promise<JobRun> =>
    runBackup(namespace, "database-backup", {
      PATH: `/usr/lib/postgresql/15/bin:${process.env.PATH ?? ""}`,
      PGHOST: database.socket,
      PGUSER: "packit",
      SSL_CERT_FILE: login.SSL_CERT_FILE,
      RESTIC_CACHE_DIR: path.join(dir, "cache"),
    });
  async function list(): Promise<{ code: number; row: Listed }> {
    const { code, stdout, stderr } = await ops("backups", "--json");
    const row = (JSON.parse(stdout) as Listed[]).find(({ name }) => name === "packit/database");
    assert.ok(row !== undefined, stderr);
    return { code, row };
  }
  async function drill(): Promise<{ code: number; result: Drilled }> {
    const { code, stdout, stderr } = await ops("drill", "--only", "packit/database", "--json");
    const [result] = JSON.parse(stdout) as Drilled[];
    assert.ok(result !== undefined, stderr);
    return { code, result };
  }
  /** Saves a folder with files of the newest backup, changed. */
  async function saveChanged(change: (folder: string) => void): Promise<void> {
    const folder = mkdtempSync(path.join(dir, "changed-"));
    await restic(["restore", "latest", "--host", "packit", "--target", folder]);
    const files = path.dirname(globSync(`${folder}/**/database.sql`)[0] ?? "");
    change(files);
    await restic(["backup", "--host", "packit", "."], files);
  }
  const forgetNewest = (): Promise<string> => restic(["forget", "latest", "--host", "packit", "--prune"]);

  it("a stack without the setting has no job, and the list says what is missing", async () => {
    const made = await stack.up();
    assert.equal(made.code, 0, made.text);
    assert.equal(await api.find(cronJob), undefined);
    const { code, stdout } = await ops("backups");
    assert.equal(code, 1);
    assert.match(stdout, /^none +stack\/state +has no backup in s3:http\S+-state yet$/m);
    assert.match(stdout, /^none +packit\/database +has no backups: packit:settings\.backups is not set$/m);
    assert.match((await ops("drill")).stdout, /packit\/database HAS NO BACKUP: there are no backups/);
  });

  it("Pulumi's state and the stack's file are saved by the command, and a drill finds them whole", async () => {
    assert.match(
      (await ops("backup", "--dry-run")).stdout,
      /^would save \d+ resources of test-packit and its file in s3:/,
    );
    const { code, stdout, stderr } = await ops("backup");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^saved \d+ resources of test-packit and its file in s3:\S+, and checked it$/m);
    assert.match((await ops("backups")).stdout, /^ok +stack\/state +newest backup \d+ s old, checked, /m);
    const drilled = await ops("drill", "--only", "stack/state");
    assert.equal(drilled.code, 0, drilled.stdout + drilled.stderr);
    assert.match(drilled.stdout, /^stack\/state is whole: \d+ resources and the stack's file as saved/);
    console.log(`      ${drilled.stdout.trim()}`);
    const other = { PULUMI_CONFIG_PASSPHRASE: "another passphrase", RESTIC_PASSWORD: "state-password" };
    const env = { ...login, RESTIC_REPOSITORY: `${repository()}-state`, ...other };
    const shut = await stack.opsOf("drill", ["--only", "stack/state"], env);
    assert.equal(shut.code, 1);
    assert.match(shut.stdout, /IS NOT WHOLE: the saved stack file: PULUMI_CONFIG_PASSPHRASE is not the passphrase/);
  });

  it("with the setting the job is there; the list says that nothing was saved yet, or that the password is wrong", async () => {
    const { file } = stack.target;
    const settings = { repository: repository(), schedule: "37 1 * * *", keep: { daily: 3, weekly: 2, monthly: 2 } };
    const text = changed(readFileSync(file, "utf8"), [[["packit:settings", "backups"], settings]]);
    const crypter = openSalt(readStackFile(file).encryptionSalt ?? "", samplePassphrase("test"));
    const secrets = {
      backupsPassword: password,
      backupsAccessKeyId: login.AWS_ACCESS_KEY_ID ?? "",
      backupsSecretAccessKey: login.AWS_SECRET_ACCESS_KEY ?? "",
    };
    const withSecrets = (all: Readonly<Record<string, string>>, before: string): string =>
      Object.entries(all).reduce((so, [key, value]) => setSecret(so, `packit:${key}`, crypter.encrypt(value)), before);
    writeFileSync(file, withSecrets(secrets, text));
    await stack.assertDeploys();
    assert.ok((await api.find(cronJob)) !== undefined);
    const { code, row } = await list();
    assert.deepEqual([code, row.state, row.count], [1, "none", 0]);
    assert.match(row.text, /has no backup in s3:http\S+ yet/);
    await restic(["init"]);
    const right = readFileSync(file, "utf8");
    writeFileSync(file, withSecrets({ backupsPassword: "another" }, right));
    assert.match((await list()).row.text, /cannot be asked: \S+: the password is not the repository's/);
    writeFileSync(file, right);
    for (const key of await bucket.list("packit")) await bucket.remove(key);
  });

  it("the job makes the repository, saves the database, and the list, status and drill say so", async () => {
    const first = await backUp();
    assert.equal(first.status, 0, first.text);
    assert.deepEqual(first.files, ["contents.json", "database.sql"]);
    const { code, row } = await list();
    assert.deepEqual([code, row.state, row.count, row.newest?.checked], [0, "ok", 1, true], row.text);
    assert.ok((row.newest?.bytes ?? 0) > 5_000_000, row.text);
    const { code: whole, result } = await drill();
    assert.equal(whole, 0, result.text);
    assert.match(result.text, /^is whole: 3 tables, 30500 rows, 2 sequences as saved/);
    console.log(`      ${result.text}`);
    const report = JSON.parse((await ops("status", "--json", "--only", "backups", "--limit", "1m")).stdout) as Report;
    const found = report.rows.find(({ part }) => part === "packit/database");
    assert.deepEqual([found?.system, found?.state], ["packit", "ok"], found?.text);
  });

  it("nothing in the bucket can be read without the password", async () => {
    const keys = await bucket.list("packit");
    assert.ok(keys.length >= 5, keys.join(" "));
    for (const key of keys) {
      const bytes = await bucket.read(key);
      assert.ok(bytes !== undefined && !bytes.includes("projekt") && !bytes.includes("CREATE TABLE"), key);
    }
  });

  it("what is written while the dump runs is in the dump and in the comparison, or in neither", async () => {
    let [writing, rounds] = [true, 0];
    const writer = (async () => {
      const rows = "SELECT 1, now(), md5(n::text) FROM generate_series(1, 200) n";
      for (; writing; rounds++) {
        await database.ask(`INSERT INTO builds (project, at, log) ${rows}`, "packit");
        await database.ask("UPDATE projects SET price = price + 1 WHERE id = 1 + floor(random() * 499)", "packit");
      }
    })();
    const second = await backUp();
    writing = false;
    await writer;
    assert.equal(second.status, 0, second.text);
    assert.ok(rounds > 3, `${rounds} rounds of writing`);
    const { code, result } = await drill();
    assert.equal(code, 0, result.text);
    assert.equal((await list()).row.count, 1, "the last one of a day is kept");
  });

  it("a dump that breaks off is not saved", async () => {
    await database.ask("CREATE TABLE foreign_owner (id int)", "packit");
    const broken = await backUp();
    assert.equal(broken.status !== 0, true);
    assert.equal(broken.container, "dump", broken.text);
    assert.match(broken.text, /permission denied for table foreign_owner/);
    await database.ask("DROP TABLE foreign_owner", "packit");
    assert.equal((await list()).row.count, 1);
  });

  it("a truncated dump, a lost row and a changed value are found", async () => {
    await saveChanged((folder) => {
      truncateSync(path.join(folder, "database.sql"), 4_000_000);
    });
    const cut = await drill();
    assert.equal(cut.code, 1);
    assert.deepEqual(cut.result.problems, ["the dump is not whole: its last line is missing"]);
    assert.equal((await list()).row.state, "unchecked");
    await forgetNewest();
    const edit = async (change: (text: string) => string): Promise<void> => {
      await saveChanged((folder) => {
        const file = path.join(folder, "database.sql");
        writeFileSync(file, change(readFileSync(file, "utf8")));
      });
    };
    await edit((text) => text.replace(/^7\tprojekt-ž-7\t.*\n/m, (line) => line.replace("projekt-ž-7", "projekt-x-7")));
    assert.deepEqual((await drill()).result.problems, ["table public.projects has other contents than were saved"]);
    await forgetNewest();
    await edit((text) => text.replace(/^29999\t.*\n/m, ""));
    assert.match((await drill()).result.text, /^table public\.builds has \d+ rows, \d+ were saved$/);
    await forgetNewest();
    assert.equal((await drill()).code, 0);
  });

  it("a byte that changed in the bucket and a pack that was cut off are found; the job does not call them checked", async () => {
    // Of yesterday, so that it stays: data that no backup uses is removed, damaged or not.
    const before_ = new Set(await bucket.list("packit/data"));
    const folder = path.join(dir, "yesterday");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "database.sql"), randomBytes(1_000_000));
    await restic(["backup", "--host", "packit", "--time", daysAgo(1), "."], folder);
    const made = (await bucket.list("packit/data")).filter((key) => !before_.has(key));
    const all = await Promise.all(
      made.map(async (key) => ({ key, bytes: (await bucket.read(key)) ?? Buffer.alloc(0) })),
    );
    const [largest] = all.toSorted((a, b) => b.bytes.length - a.bytes.length);
    assert.ok(largest !== undefined);
    const flipped = Buffer.from(largest.bytes);
    flipped[1000] = (flipped[1000] ?? 0) ^ 1;
    await bucket.write(largest.key, flipped);
    const corrupt = await drill();
    assert.equal(corrupt.code, 1);
    assert.match(corrupt.result.text, /^the repository is damaged: /);
    await bucket.write(largest.key, largest.bytes.subarray(0, largest.bytes.length / 2));
    const cut = await drill();
    assert.equal(cut.code, 1);
    assert.match(cut.result.text, /^the repository is damaged: /);
    const after_ = await backUp();
    assert.deepEqual([after_.status !== 0, after_.container], [true, "restic"], after_.text);
    const { code, row } = await list();
    assert.deepEqual([code, row.state], [1, "unchecked"], row.text);
    await bucket.write(largest.key, largest.bytes);
    const again = await backUp();
    assert.equal(again.status, 0, again.text);
    assert.equal((await list()).row.state, "ok");
    assert.equal((await drill()).code, 0);
  });

  it("retention removes the others from the list and their data from the bucket", async () => {
    const folder = path.join(dir, "old");
    mkdirSync(folder);
    const count = 20;
    for (let back = count; back >= 1; back--) {
      writeFileSync(path.join(folder, "database.sql"), randomBytes(100_000));
      await restic(["backup", "--quiet", "--host", "packit", "--time", daysAgo(back), "."], folder);
    }
    const bytesOf = async (): Promise<number> => {
      const all = (await bucket.list("packit/data")).map(async (key) => (await bucket.read(key))?.length ?? 0);
      return (await Promise.all(all)).reduce((sum, one) => sum + one, 0);
    };
    const before_ = await bytesOf();
    const done = await backUp();
    assert.equal(done.status, 0, done.text);
    const { row } = await list();
    const left = JSON.parse(await restic(["snapshots", "--json", "--host", "packit"])) as { time: string }[];
    const days = new Set(left.map(({ time }) => time.slice(0, 10)));
    for (const back of [0, 1, 2]) assert.ok(days.has(daysAgo(back).slice(0, 10)), [...days].join(" "));
    // The newest of 2 weeks and 2 months may be the same ones.
    assert.ok(row.count >= 3 && row.count <= 7, row.text);
    const gone = before_ - (await bytesOf());
    assert.ok(gone > (count - 7) * 90_000, `${gone} bytes are gone`);
    assert.equal((await drill()).code, 0);
  });

  it("a newest backup that is too old is said by the list and by status", async () => {
    const folder = path.join(dir, "late");
    cpSync(path.join(dir, "old"), folder, { recursive: true });
    const { length } = JSON.parse(await restic(["snapshots", "--json", "--host", "packit"])) as unknown[];
    for (let n = 0; n < length; n++) await restic(["forget", "latest", "--host", "packit"]);
    await restic(["backup", "--host", "packit", "--tag", "checked", "--time", "2026-01-02 03:04:05", "."], folder);
    const { code, row } = await list();
    assert.deepEqual([code, row.state], [1, "late"]);
    assert.match(row.text, /the next was due by 2026-01-03T04:37/);
    const status = await ops("status", "--only", "backups", "--limit", "1m");
    assert.equal(status.code, 1);
    assert.match(status.stdout, /packit\/database/);
  });
});
