/**
 * PostgreSQL of Packit's stack on real nodes, dumped, restored and taken from 12 to 16 by the commands as one calls them, the last while a bus
 * and GitHub go on. The servers are those of the containers that the stack declares; Packit's own tasks are stood in for.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { proposeAndWait } from "../../lab/demo/packit/packit.ts";
import type { OpsOutcome } from "../../lab/harness/system.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { Load } from "./packit/load.ts";
import { api, PackitOnNodes } from "./packit/onNodes.ts";

/** Tables of the kinds that services have: keys, sequences, JSON, bytes, arrays, text in several scripts, nothing at all. */
const filling = [
  "CREATE TABLE projects (id serial PRIMARY KEY, name text NOT NULL UNIQUE, data jsonb, raw bytea, tags text[])",
  "CREATE TABLE builds (id bigserial PRIMARY KEY, project int NOT NULL REFERENCES projects, at timestamptz, log text)",
  "CREATE TABLE nothing (id int)",
  "CREATE VIEW newest AS SELECT max(at) FROM builds",
  `INSERT INTO projects (name, data, raw, tags) SELECT 'projekt-ž-' || n, jsonb_build_object('n', n, 'ünï', '日本'), decode(md5(n::text), 'hex'), ARRAY['a', n::text]
   FROM generate_series(1, 500) n`,
  "INSERT INTO builds (project, at, log) SELECT 1 + n % 500, now() - n * interval '1 minute', repeat(md5(n::text), 3) FROM generate_series(1, 20000) n",
  "DELETE FROM builds WHERE id > 19990",
].join("; ");

/** Everything of a database that may not change, in a few lines. */
const contents = `SELECT (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM projects t), (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM builds t),
  (SELECT count(*) FROM nothing), (SELECT last_value FROM builds_id_seq), (SELECT max FROM newest), (SELECT string_agg(tableowner, ',') FROM pg_tables WHERE schemaname = 'public')`;

describe("Packit's database commands", function () {
  this.timeout(1_200_000);
  let before_ = "";
  let packit: PackitOnNodes;
  const dir = mkdtempSync(path.join(tmpdir(), "packit-database-"));
  const file = path.join(dir, "packit.sql.gz");
  const ops = (...words: string[]): Promise<OpsOutcome> => packit.ops(...words);
  const old = (query: string, database?: string): Promise<string> => packit.ask("postgres-12", query, database);
  const fresh = (query: string, database?: string): Promise<string> => packit.ask("postgres-16", query, database);

  before(async () => {
    packit = await PackitOnNodes.open();
    await proposeAndWait(packit.run, packit.work);
    await old(`SET ROLE packit; ${filling}`, "packit");
    await old("CREATE ROLE \"read-er\" LOGIN PASSWORD 'other'");
    await old('GRANT SELECT ON builds TO "read-er"', "packit");
    await old("CREATE DATABASE reports OWNER packit");
    await old("CREATE TABLE report (id int); INSERT INTO report VALUES (7)", "reports");
    before_ = await old(contents, "packit");
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await packit.close();
  });

  interface Scaled extends KubeObject {
    readonly spec: { readonly replicas: number };
  }
  const replicas = async (): Promise<readonly number[]> =>
    Promise.all(
      ["deployments/packit-service", "statefulsets/packit-worker"].map(
        async (at) => (await api.get<Scaled>(`${packit.apps}/${at}`)).spec.replicas,
      ),
    );

  it("dump writes a file that appears once it is complete, readable by nobody else", async () => {
    const dry = await ops("dump-database", file, "--dry-run");
    assert.match(dry.stdout, /^would dump packit of postgres-12, [\d.]+ MiB\n$/);
    assert.ok(!existsSync(file));
    const { code, stdout, stderr } = await ops("dump-database", file);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /packit\.sql\.gz: packit of postgres-12/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(gunzipSync(readFileSync(file)).toString(), /projekt-ž-500/);
    assert.match((await ops("dump-database", file)).stderr, /packit\.sql\.gz exists; name another file, or --force/);
    const all = path.join(dir, "all.sql");
    assert.equal((await ops("dump-database", all, "--all")).code, 0);
    assert.match(readFileSync(all, "utf8"), /CREATE ROLE "read-er"[^]*connect reports/);
    assert.match((await ops("restore-database", all, "--yes")).stderr, /is of a whole server \(pg_dumpall\)/);
  });

  it("restore refuses an incomplete dump or one that fails to load, and leaves the database as it is", async () => {
    const text = gunzipSync(readFileSync(file)).toString();
    const [cut, wrong] = [path.join(dir, "cut.sql"), path.join(dir, "wrong.sql")];
    writeFileSync(cut, text.slice(0, text.length / 2));
    writeFileSync(wrong, text.replace("COPY public.builds", "COPY public.bilds"));
    assert.match(
      (await ops("restore-database", cut, "--yes")).stderr,
      /cut\.sql is not whole: its last line is missing/,
    );
    assert.match((await ops("restore-database", "package.json", "--yes")).stderr, /is no dump of pg_dump in plain SQL/);
    const failed = await ops("restore-database", wrong, "--yes");
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /ERROR: {2}relation "public.bilds" does not exist/);
    assert.equal(await old(contents, "packit"), before_);
    assert.equal(await old("SELECT count(*) FROM pg_database WHERE datname LIKE 'packit%'"), "1");
    assert.deepEqual(await replicas(), [1, 1]);
  });

  it("restore brings back what was lost, keeps the previous database, and the writers run again", async () => {
    await old("DELETE FROM builds; INSERT INTO nothing VALUES (1)", "packit");
    const { code, stdout, stderr } = await ops("restore-database", file, "--yes");
    assert.equal(code, 0, stderr);
    assert.equal(await old(contents, "packit"), before_);
    const kept = /the old database is kept as (packit_before_\w+);/.exec(stdout)?.[1] ?? "";
    assert.equal(await old("SELECT count(*) FROM nothing", kept), "1");
    await old(`DROP DATABASE ${kept}`);
    assert.deepEqual(await replicas(), [1, 1]);
    await packit.system.assertNoChanges();
  });

  it("upgrade refuses missing space, an unknown version or a downgrade, and nothing changes", async () => {
    const settings = readFileSync(packit.system.target.file, "utf8");
    const small = await packit.system.with([[["packit:settings", "postgres", "size"], "1Mi"]], () =>
      ops("upgrade-database", "--to", "16", "--yes"),
    );
    assert.equal(small.code, 1);
    assert.match(
      small.stderr,
      /PostgreSQL 16 has no room: its volume gets 1Mi \(postgres\.size\), [\d.]+ MiB are needed; nothing was changed/,
    );
    assert.match(
      (await ops("upgrade-database", "--to", "11")).stderr,
      /there is no image of PostgreSQL 11; there are 12, 13, 15, 16/,
    );
    assert.match(
      (await ops("upgrade-database", "--to", "12")).stderr,
      /PostgreSQL 12 serves; --to takes a newer version/,
    );
    assert.match((await ops("upgrade-database", "--forget", "12")).stderr, /PostgreSQL 12 serves; nothing was removed/);
    assert.equal(readFileSync(packit.system.target.file, "utf8"), settings);
    assert.equal(await api.find(`${packit.apps}/deployments/postgres-16`), undefined);
  });

  it("upgrade moves the database from 12 to 16 with every row, points the Service to the new one, and keeps the old one; events that come meanwhile are not lost", async () => {
    assert.match(
      (await ops("upgrade-database", "--to", "16", "--dry-run")).stdout,
      /^would upgrade packit's PostgreSQL .* from 12 to 16 \(packit, reports\)/,
    );
    const load = new Load(packit);
    const { code, stdout, stderr } = await ops("upgrade-database", "--to", "16", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await load.nothingLost();
    assert.match(stderr, /packit: \d+ tables and sequences, \d+ rows and numbers, all equal/);
    assert.equal(await fresh(contents, "packit"), before_);
    assert.equal(await old(contents, "packit"), before_);
    assert.equal(await fresh("SELECT id FROM report", "reports"), "7");
    assert.match(await fresh("SHOW server_version"), /^16\./);
    const password = "SELECT rolpassword FROM pg_authid WHERE rolname = 'read-er'";
    assert.equal(await fresh(password), await old(password));
    assert.equal(await fresh("SELECT has_table_privilege('read-er', 'builds', 'SELECT')", "packit"), "t");
    const service = await api.get<KubeObject & { spec: { selector: object } }>(`${packit.core}/services/postgres`);
    assert.deepEqual(service.spec.selector, { service: "postgres-16" });
    assert.ok((await api.find(`${packit.core}/persistentvolumeclaims/postgres-12`)) !== undefined);
    assert.deepEqual(await replicas(), [1, 1]);
    await packit.system.assertNoChanges();
  });

  it("upgrade leaves the workers' replica count to the settings afterwards", async () => {
    await packit.system.with([[["packit:settings", "workers"], { allTasks: 2 }]], async () => {
      const made = await packit.system.up();
      assert.equal(made.code, 0, made.text);
      assert.deepEqual(await replicas(), [1, 2]);
    });
  });

  it("the old database server is removed on request", async () => {
    const { code, stdout, stderr } = await ops("upgrade-database", "--forget", "12", "--yes");
    assert.equal(code, 0, stdout + stderr);
    for (const at of [`${packit.apps}/deployments/postgres-12`, `${packit.core}/persistentvolumeclaims/postgres-12`]) {
      const found = await api.find(at);
      assert.ok(found === undefined || found.metadata.deletionTimestamp !== undefined, at);
    }
    assert.ok((await api.find(`${packit.core}/persistentvolumeclaims/postgres-16`)) !== undefined);
    // The command's deployment took the workers back to the settings, too.
    assert.deepEqual(await replicas(), [1, 1]);
    await proposeAndWait(packit.run, packit.work);
  });
});
