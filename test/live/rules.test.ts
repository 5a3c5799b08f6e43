/** The alerts of all stacks: promtool judges them and tries each; a Prometheus with the programs that they are about raises them. */
import assert from "node:assert/strict";
import { type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { backupDueFiles, certificateMetrics, noteBackup } from "../../components/callysto/guest/metricFiles.ts";
import { etlConfig } from "../../components/dials/etlConfig.ts";
import { backupSettings } from "../../config/backups.ts";
import { stackNames } from "../../config/stackFile.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { api, podTemplate, useNamespace } from "../../lab/harness/kube.ts";
import { labKubeconfig } from "../../lab/retarget.ts";
import { ensureTool } from "../../lab/tools/tools.ts";
import { run } from "../../ops/lib/process.ts";
import { settings } from "../unit/dials/fixture.ts";
import { programs } from "../unit/monitoring/metrics.ts";
import { monitoredStack } from "../unit/monitoring/stacks.ts";
import { CeleryWorld, eventually } from "./dials/celery.ts";
import { installPrograms } from "./dials/programs.ts";
import { freePort } from "./port.ts";
import { cases } from "./rules/cases.ts";
import { Prometheus, start, stop } from "./rules/prometheus.ts";
import { groupsOf, promtool, writeTests } from "./rules/promtool.ts";

const repository = "s3:https://s3.sample.invalid/backups/hub-prod";
const weekly = { remoteUser: "u", remoteHost: "h", sourceDirectory: "/tank/home/", hostKey: "k" };
const folder = mkdtempSync(path.join(tmpdir(), "orrery-rules-"));
const rules: string[] = [];
let tools = "";

before(async () => {
  tools = await ensureTool("monitoring", () => undefined);
  for (const stack of stackNames()) {
    const groups = await groupsOf(stack);
    writeFileSync(path.join(folder, `${stack}.yaml`), stringify({ groups }));
    // An object of the cluster each, as the operator makes them files: alerts of several have one name.
    for (const group of groups) {
      const file = path.join(folder, `${stack}-${group.name.replace("/", "-")}.rules.yaml`);
      writeFileSync(file, stringify({ groups: [group] }));
      rules.push(file);
    }
  }
});
after(() => {
  rmSync(folder, { recursive: true });
});

describe("the alerts in promtool", () => {
  it("promtool accepts every rule and finds nothing to improve", async () => {
    for (const file of rules) {
      const { code, said } = await promtool(tools, "check", "rules", "--lint=all", "--lint-fatal", file);
      assert.equal(code, 0, said);
    }
  });

  it("every alert has a case", async () => {
    const all = (await Promise.all(["prod", "stage"].map(groupsOf))).flat().flatMap(({ rules }) => rules);
    const tried = new Set(cases.map(({ alert }) => alert));
    assert.deepEqual(
      [...new Set(all.map(({ alert }) => alert))].filter((alert) => !tried.has(alert)),
      [],
    );
  });

  for (const stack of ["prod", "stage"]) {
    it(`each alert of ${stack} fires with its text when it should, and is silent when it should`, async () => {
      const own = cases.filter((one) => one.stack === stack);
      const { code, said } = await promtool(tools, "test", "rules", writeTests(folder, stack, own));
      assert.equal(code, 0, said);
    });
  }

  it("promtool's tests notice an alert that does not fire", async () => {
    const wrong = cases.filter(({ alert }) => alert === "HubDiskFull").map((one) => ({ ...one, firing: one.quiet }));
    const { code, said } = await promtool(tools, "test", "rules", writeTests(folder, "prod", wrong));
    assert.equal(code, 1);
    assert.match(said, /HubDiskFull/);
  });
});

describe("monitors and alerts on a cluster with the operator's kinds", () => {
  const namespace = "rules-kinds";
  useNamespace(namespace);
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const kinds = ["podmonitors", "prometheusrules", "servicemonitors"];

  after(async () => {
    for (const kind of kinds) await api.delete(`${definitions}/${kind}.monitoring.coreos.com`);
  });

  it("the operator's own schemas accept every monitor and rule of every stack, field by field", async () => {
    for (const kind of kinds) {
      const text = readFileSync(path.join(tools, `monitoring.coreos.com_${kind}.yaml`), "utf8");
      await api.post(definitions, parse(text) as object);
    }
    for (const stack of stackNames()) {
      for (const { inputs } of await monitoredStack(stack)) {
        const object = inputs as { apiVersion?: string; kind: string; metadata: { name: string } };
        if (object.apiVersion !== "monitoring.coreos.com/v1") continue;
        const at = `/apis/${object.apiVersion}/namespaces/${namespace}/${object.kind.toLowerCase()}s`;
        const here = { ...object, metadata: { ...object.metadata, namespace } };
        // Strict: a field that the kind does not have is an error.
        await eventually(`${object.kind} is served`, 20, async () => {
          await api.post(`${at}?dryRun=All&fieldValidation=Strict`, here);
          return true;
        });
      }
    }
  });
});

describe("the alerts in a Prometheus that collects from the real programs", function () {
  this.timeout(300_000);
  const namespace = "cms-dials-prod";
  useNamespace(namespace);
  const children: ChildProcess[] = [];
  let world: CeleryWorld | undefined;
  let prometheus: Prometheus;
  let statesUrl = "";
  const procfs = path.join(folder, "proc");
  const pool = path.join(procfs, "spl", "kstat", "zfs", "tank");
  /** Where a hub's own programs leave theirs. */
  const figures = path.join(folder, "figures");
  const notes = (script: string, ...words: readonly string[]) =>
    run("sh", ["-ec", script, ...words], { env: { METRICS_FOLDER: figures, PATH: process.env.PATH } });

  before(async () => {
    await installPrograms();
    const { etl, workspaces } = settings();
    world = await CeleryWorld.open(etlConfig(etl, workspaces));
    const [node, states, self] = [await freePort(), await freePort(), await freePort()];
    mkdirSync(pool, { recursive: true });
    writeFileSync(path.join(pool, "state"), "ONLINE\n");
    const collectors = ["--collector.disable-defaults", "--collector.zfs", "--collector.filesystem"];
    mkdirSync(figures);
    collectors.push("--collector.textfile", `--collector.textfile.directory=${figures}`);
    writeFileSync(path.join(procfs, "mounts"), "rootfs / ext4 rw 0 0\n");
    children.push(
      start(
        [
          ...[path.join(tools, "prometheus-node-exporter"), ...collectors, `--path.procfs=${procfs}`],
          `--web.listen-address=127.0.0.1:${node}`,
        ],
        path.join(folder, "node.log"),
      ),
    );
    const kubeconfig = path.join(folder, "kubeconfig");
    writeFileSync(kubeconfig, labKubeconfig(lab), { mode: 0o600 });
    statesUrl = `http://127.0.0.1:${states}/metrics`;
    const where = ["--host=127.0.0.1", `--port=${states}`, "--telemetry-host=127.0.0.1", `--telemetry-port=${self}`];
    children.push(
      start(
        [path.join(tools, "kube-state-metrics"), `--kubeconfig=${kubeconfig}`, `--namespaces=${namespace}`, ...where],
        path.join(folder, "states.log"),
      ),
    );
    prometheus = await Prometheus.open(tools, folder, await groupsOf("prod"), [
      { job: `${namespace}/flower`, address: `127.0.0.1:${world.flowerPort}`, labels: { namespace } },
      { job: "callysto-hub", address: `127.0.0.1:${node}`, labels: { hub: "hub-prod" } },
      { job: "kube-state-metrics", address: `127.0.0.1:${states}` },
    ]);
    children.push(prometheus.child);
  });
  after(async () => {
    for (const child of children) await stop(child);
    await world?.close();
  });

  const fires = (alert: string, labels: Readonly<Record<string, string>>): Promise<void> =>
    eventually(`${alert} fires`, 60, async () =>
      ((await prometheus.firing()).get(alert) ?? []).some((one) =>
        Object.entries(labels).every(([name, value]) => one[name] === value),
      ),
    );
  const ends = (alert: string): Promise<void> =>
    eventually(`${alert} has ended`, 60, async () => !(await prometheus.firing()).has(alert));

  it("a Celery worker that ends raises DialsQueueWithoutWorker, and one in its place ends the alert", async () => {
    await world?.startWorker("csc-bulk", "csc-bulk-1");
    await eventually(
      "Prometheus has Flower's figures",
      60,
      async () => (await prometheus.series("flower_worker_online")) > 0,
    );
    assert.equal((await prometheus.firing()).has("DialsQueueWithoutWorker"), false);
    await world?.send("csc-bulk", [1], 0);
    await eventually("Flower counts tasks", 60, async () => (await prometheus.series("flower_events_total")) > 0);
    await world?.stop("csc-bulk-1");
    await fires("DialsQueueWithoutWorker", { queue: "csc-bulk", severity: "critical" });
    await world?.startWorker("csc-bulk", "csc-bulk-2");
    await ends("DialsQueueWithoutWorker");
  });

  it("a half of the mirror that fails raises HubPoolUnhealthy, and a pool that is not imported HubPoolMissing", async () => {
    await eventually("the pool is known", 60, async () => (await prometheus.series("node_zfs_zpool_state")) > 0);
    assert.equal((await prometheus.firing()).has("HubPoolUnhealthy"), false);
    // The text is the kernel module's: module/zfs/spa_stats.c spa_state_data.
    writeFileSync(path.join(pool, "state"), "DEGRADED\n");
    await fires("HubPoolUnhealthy", { zpool: "tank", state: "degraded", hub: "hub-prod" });
    assert.equal((await prometheus.firing()).has("HubPoolMissing"), false);
    rmSync(pool, { recursive: true });
    await fires("HubPoolMissing", { hub: "hub-prod" });
  });

  it("homes that were never saved raise HubBackupOverdue for the way that is late, and a backup ends it", async () => {
    const { files = [] } = backupDueFiles({ backup: weekly, backups: backupSettings.parse({ repository }) });
    for (const { path: file, text } of files) writeFileSync(path.join(figures, path.basename(file)), text);
    await eventually(
      "the hub's settings are known",
      60,
      async () => (await prometheus.series("hub_backup_due_seconds")) === 2,
    );
    assert.equal((await prometheus.firing()).has("HubBackupOverdue"), false, "the hub was just set up");
    const longAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const { path: file } of files) utimesSync(path.join(figures, path.basename(file)), longAgo, longAgo);
    await fires("HubBackupOverdue", { hub: "hub-prod", backup: "backup-homes" });
    assert.equal((await prometheus.firing()).get("HubBackupOverdue")?.length, 1, "the weekly copy may be older");
    for (const name of ["backup-homes", "rrsync-backup"] as const)
      assert.equal((await notes(noteBackup(name))).status, 0);
    await ends("HubBackupOverdue");
    const successes = "hub_backup_last_success_timestamp_seconds";
    await eventually("both are known", 60, async () => (await prometheus.series(successes)) === 2);
  });

  it("a certificate that was not renewed raises HubCertificateNotRenewed, and a new one ends the alert", async () => {
    const file = path.join(folder, "certificate.pem");
    const certificate = async (begins: number, lasts: number): Promise<void> => {
      const day = (offset: number): string =>
        `${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
      const times = ["-startdate", day(begins), "-enddate", day(begins + lasts)];
      const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", path.join(folder, "certificate.key")];
      const ca = path.join(folder, "self");
      writeFileSync(
        `${ca}.cnf`,
        `[ca]\ndefault_ca=a\n[a]\ndatabase=${ca}.txt\nnew_certs_dir=${folder}\ndefault_md=sha256\npolicy=p\nrand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n`,
      );
      writeFileSync(`${ca}.txt`, "");
      const request = ["req", "-new", ...key, "-subj", "/CN=hub.sample.invalid", "-out", `${file}.csr`];
      assert.equal((await run("openssl", request)).status, 0);
      const sign = [
        "ca",
        "-batch",
        "-selfsign",
        "-config",
        `${ca}.cnf`,
        "-keyfile",
        path.join(folder, "certificate.key"),
      ];
      const outcome = await run("openssl", [...sign, "-in", `${file}.csr`, "-out", file, "-notext", ...times]);
      assert.equal(outcome.status, 0, outcome.stderr);
      const noted = await notes(certificateMetrics.text, "certificate-metrics", file);
      assert.equal(noted.status, 0, noted.stderr);
    };
    await certificate(-60, 90);
    await eventually(
      "it is known",
      60,
      async () => (await prometheus.series("hub_certificate_not_after_timestamp_seconds")) === 1,
    );
    assert.equal((await prometheus.firing()).has("HubCertificateNotRenewed"), false);
    await certificate(-80, 90);
    await fires("HubCertificateNotRenewed", { hub: "hub-prod" });
    await certificate(0, 90);
    await ends("HubCertificateNotRenewed");
  });

  it("a Deployment whose pods find no node raises DeploymentUnavailable", async () => {
    const at = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const { template, ...spec } = {
      replicas: 2,
      selector: { matchLabels: { app: "lost" } },
      template: podTemplate("lost"),
    };
    const nowhere = { ...template, spec: { ...template.spec, nodeSelector: { "example.org/nowhere": "true" } } };
    await api.post(at, {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "lost" } },
      spec: { ...spec, template: nowhere },
    });
    await fires("DeploymentUnavailable", { namespace, deployment: "lost" });
    await api.delete(`${at}/lost`);
    await ends("DeploymentUnavailable");
  });

  it("each metric that an alert reads of these programs is one that they expose", async () => {
    // A unit's state needs systemd, and is not asked for here.
    const collected = [
      ...programs.flower,
      ...programs.prometheus,
      "node_filesystem_avail_bytes",
      "node_filesystem_size_bytes",
      "node_textfile_mtime_seconds",
      ...programs.hub,
    ];
    for (const metric of collected)
      await eventually(`${metric} is exposed`, 60, async () => (await prometheus.series(metric)) > 0);
    const { spec, ...template } = podTemplate("seen");
    const selector = { matchLabels: { app: "seen" } };
    const jobTemplate = { spec: { template: { ...template, spec: { ...spec, restartPolicy: "Never" } } } };
    const running = { selector, template: { ...template, spec }, replicas: 1 };
    const objects = {
      "apps/v1 Deployment": running,
      "apps/v1 StatefulSet": { ...running, serviceName: "seen" },
      "batch/v1 CronJob": { schedule: "@daily", suspend: true, jobTemplate },
    };
    for (const [what, spec] of Object.entries(objects)) {
      const [apiVersion = "", kind = ""] = what.split(" ");
      await api.apply({ apiVersion, kind, metadata: { name: "seen", namespace }, spec });
    }
    // Of a kind that has an object it names every metric, also those without a value.
    for (const metric of programs["kube-state-metrics"])
      await eventually(`${metric} is exposed`, 60, async () =>
        new RegExp(`^# TYPE ${metric} gauge$`, "m").test(await (await fetch(statesUrl)).text()),
      );
  });
});
