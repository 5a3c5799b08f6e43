/**
 * A service moves from one cluster to another by `adopt --to`, is killed on the way, goes on, and goes back: Packit as people deployed it,
 * with a DeploymentConfig. Both clusters have real nodes, and the databases are read in their own pods. The old one's programs other than
 * PostgreSQL only wait. Not shown: an API server that is too old for server-side apply, and routers.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { projectDir } from "../../config/stackFile.ts";
import { removeCluster } from "../../lab/demo/cluster.ts";
import { kubectl } from "../../lab/demo/kubectl.ts";
import { createLabFolder } from "../../lab/folder.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import type { SystemOnLab } from "../../lab/harness/system.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { kubernetes } from "../../lab/kubernetes/kubernetes.ts";
import { chooseRealNodes } from "../../lab/kubernetes/nodes/plan.ts";
import type { Run } from "../../lab/pulumi.ts";
import { labKubeconfig } from "../../lab/retarget.ts";
import { labSettings, root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";
import { output, type Ran, run as runProgram } from "../../ops/lib/process.ts";
import { numbers, pods, running } from "./cutOver/observed.ts";
import { api, askServer, cluster, plainPackit, removePackit } from "./packit/onNodes.ts";

/** Between the first ports of the checkout's lab and the old cluster; the demonstrations' cluster, the new one here, is nearer. */
const distance = 400;
const firstPort = lab.firstPort + (lab.firstPort + distance > 32_000 ? -distance : distance);
const oldLab = labSettings({ ORRERY_LAB: `${lab.dir}-old`, ORRERY_PORTS: String(firstPort) });
const oldApi = kubeApi(oldLab);
const quiet = (): void => undefined;

/** Rows of several tables, a sequence and a role besides the service's own. */
const filling = [
  "CREATE TABLE projects (id serial PRIMARY KEY, name text NOT NULL UNIQUE, data jsonb)",
  "CREATE TABLE builds (id bigserial PRIMARY KEY, project int NOT NULL REFERENCES projects, log text)",
  "CREATE TABLE nothing (id int)",
  "INSERT INTO projects (name, data) SELECT 'projekt-ž-' || n, jsonb_build_object('n', n) FROM generate_series(1, 500) n",
  "INSERT INTO builds (project, log) SELECT 1 + n % 500, repeat(md5(n::text), 3) FROM generate_series(1, 5000) n",
].join("; ");
const contents = `SELECT (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM projects t), (SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM builds t),
  (SELECT last_value FROM builds_id_seq), (SELECT string_agg(tableowner, ',' ORDER BY tablename) FROM pg_tables WHERE tablename IN ('projects', 'builds', 'nothing'))`;
const ownPassword = "SELECT rolpassword FROM pg_authid WHERE rolname = 'packit'";

interface Report {
  readonly done: readonly string[];
  readonly stops: readonly { readonly title: string; readonly replicas?: number; readonly suspend?: boolean }[];
  readonly claims: readonly { readonly title: string; readonly fate?: string }[];
  readonly hosts: readonly { readonly host: string; readonly from: string; readonly to: string | null }[];
}

describe("a cut-over from one lab's cluster to another's", function () {
  this.timeout(1_500_000);
  const dir = mkdtempSync(path.join(tmpdir(), "cut-over-"));
  const [oldKubeconfig, journal] = [path.join(dir, "old"), path.join(dir, "cutover.json")];
  let [oldRun, newRun]: [Run, Run] = [] as never;
  let packit: SystemOnLab;
  let [before_, password]: [string, string] = ["", ""];
  let ran: Readonly<Record<string, number | boolean>> = {};
  /** Moments in which pods of both clusters were there. */
  const both: string[] = [];
  const watching = new AbortController();
  let watched: Promise<void> = Promise.resolve();

  const words = (...more: readonly string[]): readonly string[] => [
    ...["cli/orrery.ts", "adopt", "--to", "lab", "--out", journal],
    ...["--stack", packit.target.stack, "--config-file", packit.target.file, ...more],
  ];
  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...packit.target.env });
  const adopt = (...more: readonly string[]): Promise<Ran> =>
    runProgram(process.execPath, words(...more), { cwd: projectDir, env: environment(), timeout: 1200 });
  const from = ["--kubeconfig", oldKubeconfig, "--accept", "PersistentVolumeClaim myproject/attachments"];
  const old = (query: string, database?: string): Promise<string> =>
    askServer(oldRun, "myproject", "postgres-12", query, database);
  const fresh = (query: string, database?: string): Promise<string> =>
    askServer(newRun, "myproject", "postgres-16", query, database);

  before(async () => {
    const opened = await plainPackit([
      [["packit:settings", "postgres"], { version: "16" }],
      [["packit:settings", "workers"], { allTasks: 2 }],
      [["packit:settings", "suspendCronJobs"], false],
    ]);
    ({ packit } = opened);
    newRun = opened.run;
    const toolchain = await ensureToolchain(quiet);
    oldRun = { lab: oldLab, toolchain, log: quiet };
    await removeCluster(oldLab, quiet);
    createLabFolder(oldLab.dir, root);
    chooseRealNodes(oldLab, 1);
    await kubernetes(toolchain).up(oldLab, quiet);
    writeFileSync(oldKubeconfig, labKubeconfig(oldLab), { mode: 0o600 });
    const manifests = path.join(import.meta.dirname, "cutOver", "packit.yaml");
    await output(path.join(toolchain.bin, "kubectl"), ["--kubeconfig", oldKubeconfig, "apply", "-f", manifests]);
    await kubectl(oldRun, "myproject", ["rollout", "status", "deployment/postgres-12", "--timeout=110s"]);
    await old(`SET ROLE packit; ${filling}`, "packit");
    await old("CREATE ROLE \"read-er\" LOGIN PASSWORD 'other'");
    await old('GRANT SELECT ON builds TO "read-er"', "packit");
    before_ = await old(contents, "packit");
    await eventually(
      "the old deployment's pods",
      () => running(oldApi),
      (found) => found.length === 2 + 3 + 1,
      180,
    );
    ran = await numbers(oldApi);
    watched = (async () => {
      while (!watching.signal.aborted) {
        // A call that fails on a busy machine is no finding; the next one is soon.
        const [left = [], right = []] = await Promise.all([pods(oldApi), pods(api)]).catch(() => []);
        if (left.length > 0 && right.length > 0) both.push(`${left.join(" ")} and ${right.join(" ")}`);
        await sleep(300);
      }
    })();
  });
  after(async () => {
    watching.abort();
    await watched;
    await removeCluster(oldLab, quiet);
    await removePackit();
    rmSync(dir, { recursive: true, force: true });
  });

  /** What the old cluster is when everything is stopped. */
  const stopped = (): Readonly<Record<string, number | boolean>> =>
    Object.fromEntries(Object.entries(ran).map(([title, was]) => [title, typeof was === "boolean" ? true : 0]));

  /** Asserts what the two clusters are after the cut-over. */
  async function assertMoved(): Promise<void> {
    assert.deepEqual(await numbers(oldApi), stopped());
    assert.deepEqual(await pods(oldApi), []);
    assert.deepEqual(await numbers(api), {
      ...{ "Deployment myproject/packit-service": 1, "Deployment myproject/postgres-16": 1 },
      ...{ "Deployment myproject/redis": 1, "Deployment myproject/tokman": 1 },
      ...{ "StatefulSet myproject/packit-worker": 2, "CronJob packit-dev-sandbox/delete-pvcs": false },
    });
    assert.ok((await pods(api)).includes("packit-worker-0"));
    assert.equal(await fresh(contents, "packit"), before_);
    assert.deepEqual(both, [], "both clusters acted at once");
  }

  it("--dry-run lists what is stopped, data and hosts, asks what nothing copies, and changes nothing", async () => {
    const undecided = await adopt("--kubeconfig", oldKubeconfig, "--dry-run");
    assert.equal(undecided.status, 1, undecided.stderr);
    assert.match(
      undecided.stderr,
      /^TO DECIDE {2}PersistentVolumeClaim myproject\/attachments has data that nothing copies/m,
    );
    const { status, stdout, stderr } = await adopt(...from, "--dry-run", "--json");
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout) as Report;
    assert.deepEqual(
      Object.fromEntries(report.stops.map(({ title, replicas, suspend }) => [title, replicas ?? suspend])),
      Object.fromEntries(Object.entries(ran).filter(([, was]) => was !== true)),
    );
    assert.deepEqual(
      report.claims.map(({ title, fate }) => `${title}: ${fate ?? "?"}`),
      [
        "PersistentVolumeClaim myproject/attachments: ?",
        "PersistentVolumeClaim myproject/postgres-12: dumped and restored",
        "PersistentVolumeClaim myproject/redis-pvc: a queue, starts empty",
      ],
    );
    assert.deepEqual(
      report.hosts.map(({ host, from: route }) => `${host} ${route}`),
      ["packit.old.test Route myproject/packit-service"],
    );
    assert.deepEqual([await numbers(oldApi), existsSync(journal)], [ran, false]);
    assert.equal(await api.find("/api/v1/namespaces/myproject"), undefined);
  });

  it("the new cluster as the old one, and a cluster that does not answer, are refused in one line", async () => {
    const own = path.join(dir, "new");
    writeFileSync(own, labKubeconfig(cluster), { mode: 0o600 });
    assert.match(
      (await adopt("--kubeconfig", own, "--yes")).stderr,
      /--kubeconfig is for https:\/\/127\.0\.0\.1:\d+, which is the new cluster/,
    );
    writeFileSync(own, labKubeconfig(oldLab).replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
    const nobody = await adopt("--kubeconfig", own, "--yes");
    assert.deepEqual([nobody.status, nobody.stdout], [1, ""]);
    assert.match(nobody.stderr, /^orrery: the old cluster: the cluster cannot be reached: [^\n]*\n$/);
  });

  it("killed while the old cluster stops, nothing acts twice, and what it had is written down", async () => {
    const child = spawn(process.execPath, words(...from, "--yes"), {
      cwd: projectDir,
      env: environment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (/^3\/6 /m.test(said)) child.kill("SIGKILL");
    });
    const signal = await new Promise((resolve) =>
      child.once("close", (_, by) => {
        resolve(by);
      }),
    );
    assert.equal(signal, "SIGKILL", said);
    assert.equal(statSync(journal).mode & 0o777, 0o600);
    assert.deepEqual(await pods(api), [], "the new cluster is paused");
    assert.equal((await numbers(api))["StatefulSet myproject/packit-worker"], 0);
    password = await fresh(ownPassword);
  });

  it("the same command goes on: the old cluster is stopped, every row is in the new one, which runs", async () => {
    const { status, stdout, stderr } = await adopt("--yes", "--json");
    assert.equal(status, 0, stdout + stderr);
    const report = JSON.parse(stdout) as Report;
    assert.deepEqual(report.done, ["secrets", "deploy", "stop", "data", "start", "status"]);
    await assertMoved();
    assert.equal(await fresh(ownPassword), password, "the new cluster keeps its own passwords");
    assert.equal(await fresh("SELECT has_table_privilege('read-er', 'builds', 'SELECT')", "packit"), "t");
  });

  it("texts of the old Secrets are those of the new ones, and the journal has none of them", async () => {
    const at = "/api/v1/namespaces/myproject/secrets";
    const keys = { "packit-config": ["copr", "fedora.toml"], "packit-ssh": ["config"] };
    for (const [name, own] of Object.entries(keys)) {
      const [left, right] = await Promise.all(
        [oldApi, api].map((of) => of.get<KubeObject & { data: Record<string, string> }>(`${at}/${name}`)),
      );
      for (const key of own) assert.equal(right?.data[key], left?.data[key], `${name} ${key}`);
    }
    assert.doesNotMatch(readFileSync(journal, "utf8"), /of-old/);
  });

  it("once more it changes nothing, and what was written since stays", async () => {
    await fresh("INSERT INTO nothing VALUES (1)", "packit");
    const { status, stderr } = await adopt("--yes");
    assert.equal(status, 0, stderr);
    assert.equal(await fresh("SELECT count(*) FROM nothing", "packit"), "1");
    await assertMoved();
  });

  it("--undo pauses the new cluster, and gives the old one exactly what it had", async () => {
    const dry = await adopt("--undo", "--dry-run");
    assert.equal(dry.status, 0, dry.stderr);
    assert.match(dry.stdout, /^ {2}StatefulSet myproject\/packit-worker: 3 pods$/m);
    const { status, stdout, stderr } = await adopt("--undo", "--yes");
    assert.equal(status, 0, stdout + stderr);
    assert.match(stderr, /what was written in lab since it started stays there/);
    assert.deepEqual([await numbers(oldApi), existsSync(journal)], [ran, false]);
    assert.deepEqual(await pods(api), []);
    assert.deepEqual(await numbers(api), {
      ...{ "Deployment myproject/packit-service": 0, "Deployment myproject/postgres-16": 1 },
      ...{ "Deployment myproject/redis": 0, "Deployment myproject/tokman": 0 },
      ...{ "StatefulSet myproject/packit-worker": 0, "CronJob packit-dev-sandbox/delete-pvcs": true },
    });
    assert.equal(await old(contents, "packit"), before_);
    assert.deepEqual(both, []);
    const { config } = parse(readFileSync(packit.target.file, "utf8")) as {
      config: Record<string, Record<string, { paused?: boolean }>>;
    };
    assert.equal(config["clusters:settings"]?.lab?.paused, true);
  });

  it("a second cut-over replaces the rows of the first one only if somebody says so", async () => {
    const refused = await adopt(...from, "--yes");
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /Database myproject\/packit of the new cluster has \d+ rows already, which the copy would replace; nothing was stopped/,
    );
    assert.deepEqual(await numbers(oldApi), ran);
    const { status, stdout, stderr } = await adopt("--yes", "--accept", "Database * in the new cluster");
    assert.equal(status, 0, stdout + stderr);
    await assertMoved();
    await packit.assertNoChanges();
  });
});
