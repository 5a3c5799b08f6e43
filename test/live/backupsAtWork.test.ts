/**
 * Backups in pods: the containers of the declared CronJobs dump Packit's PostgreSQL 12 and export Thoth's Dgraph, and restic saves both in a
 * bucket behind TLS. There the operator's commands find them whole, and what was lost in the database comes back. Dgraph is the real 1.2.8.
 */
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { put, setSecret } from "../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { runCronJob } from "../../lab/demo/cronJobs.ts";
import * as graph from "../../lab/demo/dgraph/deploy.ts";
import { asked, write } from "../../lab/demo/dgraph/steps.ts";
import { offerRecipes } from "../../lab/demo/server.ts";
import { demoStackFile } from "../../lab/demo/stack.ts";
import { startStore } from "../../lab/demo/station/store.ts";
import { until } from "../../lab/demo/until.ts";
import { type OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";
import { store } from "../../lab/images/thothStation.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";
import { authorityFile } from "../../lab/kubernetes/router/certificates.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { environment, type Run } from "../../lab/pulumi.ts";
import type { Drilled } from "../../ops/lib/backups/drill.ts";
import type { Listed } from "../../ops/lib/backups/list.ts";
import { run as runProgram } from "../../ops/lib/process.ts";
import { withOutsideProxy } from "./outsideProxy.ts";
import { api, askServer, cluster, plainPackit, removePackit } from "./packit/onNodes.ts";

const bucket = { endpoint: "https://s3.backups.invalid", bucket: "backups" };
const repositoryOf = (system: string): string => `s3:${bucket.endpoint}/${bucket.bucket}/${system}`;
const [password, keyId, key] = ["restic-password-of-the-test", "key-id-of-the-test", "secret-key-of-the-test"];

const filling = [
  "CREATE TABLE projects (id serial PRIMARY KEY, name text NOT NULL, data jsonb)",
  "CREATE TABLE builds (id bigserial PRIMARY KEY, project int NOT NULL REFERENCES projects, log text)",
  "INSERT INTO projects (name, data) SELECT 'projekt-ž-' || n, jsonb_build_object('n', n) FROM generate_series(1, 500) n",
  "INSERT INTO builds (project, log) SELECT 1 + n % 500, repeat(md5(n::text), 8) FROM generate_series(1, 30000) n",
].join("; ");
const contents = `SELECT (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM projects t), (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM builds t)`;

/** The pods' network as Dgraph takes it. */
const podAddresses = "100.64.0.0:100.64.255.255";

/** The text of a stack's file with the repository's password and the bucket's login. */
function withLogin(text: string, system: string): string {
  const crypter = openSalt(readStackFile(stackPath("test")).encryptionSalt ?? "", samplePassphrase("test"));
  const secrets = { backupsPassword: password, backupsAccessKeyId: keyId, backupsSecretAccessKey: key };
  return Object.entries(secrets).reduce(
    (so, [name, value]) => setSecret(so, `${system}:${name}`, crypter.encrypt(value)),
    text,
  );
}

describe("backups at work", function () {
  this.timeout(1_200_000);
  const dir = mkdtempSync(path.join(tmpdir(), "backups-at-work-"));
  let [run, packit, thoth]: [Run, SystemOnLab, SystemOnLab] = [] as never;
  let before_ = "";

  before(async () => {
    await installPackages(["restic", "postgresql-15"], () => undefined);
    ({ run, packit } = await plainPackit([[["packit:settings", "backups"], { repository: repositoryOf("packit") }]]));
    await offerRecipes(run, [store]);
    await startStore(run, bucket);
    const { file } = packit.target;
    writeFileSync(file, withLogin(readFileSync(file, "utf8"), "packit"));
    const made = await packit.up();
    assert.equal(made.code, 0, made.text);
    await graph.deployDgraph(run, (text) => {
      const at = ["config", "thoth:settings", "dgraph"];
      const saved = put(text, [...at, "backups"], { repository: repositoryOf("thoth") });
      // The job's pod asks for the export.
      return withLogin(put(saved, [...at, "whitelist"], podAddresses), "thoth");
    });
    const target = { stack: graph.name, file: demoStackFile(run, graph.name), env: environment(run, graph.source) };
    thoth = SystemOnLab.deployed("thoth", target);
    await sql(`SET ROLE packit; ${filling}`);
    before_ = await sql(contents);
  });
  after(async () => {
    await removePackit();
    rmSync(dir, { recursive: true, force: true });
  });

  const sql = (query: string): Promise<string> => askServer(run, "myproject", "postgres-12", query, "packit");
  /** Variables by which restic on this machine reaches the bucket. */
  const withBucket = <T>(use: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> =>
    withOutsideProxy(nodeNetwork(cluster).ingress, (proxy) =>
      use({ HTTPS_PROXY: proxy, SSL_CERT_FILE: authorityFile(cluster), RESTIC_CACHE_DIR: path.join(dir, "cache") }),
    );
  const ops = (system: SystemOnLab, ...words: readonly string[]): Promise<OpsOutcome> =>
    withBucket((env) => system.opsOf(words[0] ?? "", words.slice(1), env));
  async function row(system: SystemOnLab, name: string): Promise<Listed> {
    const { stdout, stderr } = await ops(system, "backups", "--json");
    const found = (JSON.parse(stdout) as readonly Listed[]).find((one) => one.name === name);
    assert.ok(found !== undefined, stdout + stderr);
    return found;
  }
  async function drilled(system: SystemOnLab, name: string): Promise<string> {
    const { code, stdout, stderr } = await ops(system, "drill", "--only", name, "--json");
    const [result] = JSON.parse(stdout) as readonly Drilled[];
    assert.equal(code, 0, (result?.text ?? "") + stderr);
    return result?.text ?? "";
  }

  it("the database's job saves a dump, whose drill finds every row", async () => {
    assert.match((await row(packit, "packit/database")).text, /^has no backup in s3:\S+ yet$/);
    await runCronJob(api, { namespace: "myproject", cronJob: "database-backup" }, { seconds: 600 });
    const { state, count, text, newest } = await row(packit, "packit/database");
    assert.deepEqual([state, count, newest?.checked], ["ok", 1, true], text);
    const tables = await sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert.match(await drilled(packit, "packit/database"), new RegExp(`^is whole: ${tables} tables, \\d{5,} rows, `));
  });

  it("rows that are lost come back by restic and restore-database, as docs/backups.md says", async () => {
    await sql("DELETE FROM builds; DROP TABLE projects CASCADE");
    const restored = path.join(dir, "restored");
    const login = {
      ...{ RESTIC_REPOSITORY: repositoryOf("packit"), RESTIC_PASSWORD: password },
      ...{ AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: key },
    };
    const words = ["restore", "latest", "--host", "packit", "--target", restored];
    const got = await withBucket((env) => runProgram("restic", words, { env: { ...process.env, ...env, ...login } }));
    assert.equal(got.status, 0, got.stderr);
    const [dump = ""] = globSync(`${restored}/**/database.sql`);
    const { code, stdout, stderr } = await packit.ops(["restore-database", dump, "--yes"]);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await sql(contents), before_);
  });

  it("the graph's job exports what pydgraph wrote, and saves it; the next one exports what came since", async () => {
    await write(run, "saved first");
    await until("the name", 60, async () => ((await asked(run)).names.includes("saved first") ? true : undefined));
    const job = { namespace: graph.namespace, cronJob: "dgraph-backup" };
    await runCronJob(api, job, { seconds: 600 });
    const { state, newest, text } = await row(thoth, "thoth/dgraph");
    assert.deepEqual([state, newest?.checked], ["ok", true], text);
    const quads = async (): Promise<number> =>
      Number(/^is whole: 1 group, (\d+) N-Quads/.exec(await drilled(thoth, "thoth/dgraph"))?.[1]);
    const first = await quads();
    assert.ok(first > 0, String(first));
    await write(run, "saved second");
    await runCronJob(api, job, { seconds: 600 });
    assert.ok((await quads()) > first);
  });
});
