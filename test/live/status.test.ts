/** Status on the lab: it says what the clouds say, and what is broken. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../config/stackFile.ts";
import { kubeconfig } from "../../config/samples.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { api, jobSpec, type KubeObject } from "../../lab/harness/kube.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { run } from "../../ops/lib/process.ts";
import type { Report, Row } from "../../ops/lib/status/row.ts";

const namespace = "packit-prod";
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;

/** Only demonstrations log in to queues, and prod's hosts are not asked by the lab's addresses. */
const quiet = ["--skip", "hosts", "--skip", "queues"];
/** Nor has the lab a way to the bucket that prod's sample of backups names: that is a source without an answer. */
const withoutBackups = [...quiet, "--skip", "backups"];

interface Counted extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

describe("status on the lab", function () {
  this.timeout(1_200_000);
  const dir = mkdtempSync(path.join(tmpdir(), "status-"));
  let stack: SystemOnLab;
  let school: SystemOnLab;

  before(async () => {
    stack = await SystemOnLab.open("packit", "prod", [], {
      also: ["stream", "dials", "thoth", "prow"],
      as: "prod-status",
    });
    const { code, text } = await stack.up();
    assert.equal(code, 0, text);
    school = await SystemOnLab.open("callysto", "prod", [], { as: "prod-status-school" });
  });
  after(async () => {
    await school.close();
    await stack.close(
      "packit-prod",
      "packit-prod-sandbox",
      "stream-prod",
      "cms-dials-prod",
      "packit-service-validation",
    );
    rmSync(dir, { recursive: true });
  });

  async function look(
    of: SystemOnLab,
    ...words: readonly string[]
  ): Promise<{ code: number; report: Report; took: number }> {
    const begin = performance.now();
    const { code, stdout, stderr } = await of.opsOf("status", ["--json", "--limit", "2m", ...words]);
    const took = (performance.now() - begin) / 1000;
    assert.ok(stdout.startsWith("{"), stderr);
    return { code, report: JSON.parse(stdout) as Report, took };
  }
  const wrong = ({ rows }: Report): readonly Row[] => rows.filter(({ state }) => state === "bad" || state === "warn");
  const about = ({ rows }: Report, source: string, part: string): Row | undefined =>
    rows.find((row) => row.source === source && row.part === part && row.state !== "ok") ??
    rows.find((row) => row.source === source && row.part === part);

  it("nothing that was deployed is bad, and every source answers", async () => {
    const { code, report } = await look(stack, ...withoutBackups, "--wait", "3m");
    assert.deepEqual(
      report.rows.filter(({ state }) => state === "bad"),
      [],
    );
    assert.deepEqual(
      // The lab has no way to the world's registries.
      report.sources.filter(({ problem, outside }) => problem !== undefined && outside !== true),
      [],
    );
    assert.equal(code, 0);
  });

  it("the images and builds that run are those of the pods' own status, and each cluster says its version", async () => {
    const { report } = await look(stack, ...quiet, "--only", "versions");
    const { gitVersion } = await api.get<{ gitVersion: string }>("/version");
    const clusters = report.rows.filter(({ system, part }) => system === "stack" && part.startsWith("cluster "));
    assert.deepEqual([...new Set(clusters.map(({ text }) => text))], [`Kubernetes ${gitVersion}`]);
    const pods = (await api.list(`/api/v1/namespaces/${namespace}/pods`)) as unknown as {
      metadata: { ownerReferences?: { kind: string }[] };
      spec: { containers: { image: string }[] };
      status: { phase: string };
    }[];
    const running = pods.filter(
      ({ metadata, status }) => status.phase === "Running" && metadata.ownerReferences?.[0]?.kind !== "Job",
    );
    const images = new Set(running.flatMap(({ spec }) => spec.containers.map(({ image }) => image)));
    const rows = report.rows.filter(({ part }) => part.startsWith(`${namespace}/`));
    for (const image of images)
      assert.ok(
        rows.some(({ text }) => text.includes(image.replace(/@.*$/, ""))),
        image,
      );
    assert.match(about(report, "versions", "versions")?.text ?? "", /^\d+ images: /);
  });

  it("quota says what the stack asks for, and the cluster's own count of a deployed stack agrees", async () => {
    const hard = {
      ...{ "requests.cpu": "40", "requests.memory": "1Mi", "limits.memory": "900Gi", pods: "500" },
      ...{ persistentvolumeclaims: "9", "requests.storage": "1Ti", "count/deployments.apps": "90" },
    };
    const at = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await api.post(at, { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "compute" }, spec: { hard } });
    try {
      const { code, stdout, stderr } = await eventually(
        "the cluster's count",
        () => stack.opsOf("quota", ["--json"]),
        ({ stdout: text }) => /"name": "pods",\s+"need": \d+,\s+"quota": 500,\s+"used": \d+/.test(text),
        60,
      );
      assert.equal(code, 1, stderr);
      const { rows } = JSON.parse(stdout) as {
        rows: { target: string; name: string; need: number; quota: number; used: number }[];
      };
      const own = rows.filter(({ target }) => target.endsWith(`${namespace}/compute`));
      assert.deepEqual(own.map(({ name }) => name).sort(), Object.keys(hard).sort());
      // Jobs' pods come and go; everything else runs all the time.
      const jobs = (await api.list(`/apis/batch/v1/namespaces/${namespace}/cronjobs`)).length;
      for (const { name, need, used } of own) {
        const few =
          name === "pods" ? jobs : name === "requests.cpu" ? jobs * 0.5 : name.endsWith("memory") ? jobs * 2 ** 30 : 0;
        assert.ok(need >= used - few && need <= used + few, `${name}: ${need}, in use ${used}, ${jobs} jobs`);
      }
      const plain = await stack.opsOf("quota", []);
      assert.match(plain.stdout, /^ {2}requests\.memory +\d+ MiB +1 MiB +\d+ MiB {2}TOO SMALL$/m);
      assert.equal([...plain.stdout.matchAll(/TOO SMALL/g)].length, 1, plain.stdout);
    } finally {
      await api.delete(`${at}/compute`);
    }
  });

  it("a look at all of prod takes at most ten seconds, where nothing else runs on the machine", async function () {
    const load = (loadavg()[0] ?? 0) / availableParallelism();
    if (load > 1.5) {
      console.log(`      skipped: the load is ${load.toFixed(1)} a processor`);
      this.skip();
    }
    const looks = [];
    for (let count = 0; count < 3; count++) looks.push((await look(stack, ...quiet, "--limit", "7s")).took);
    assert.ok(Math.min(...looks) <= 10, looks.join());
  });

  it("the rows of workloads, claims and quotas are those of the cluster's own API", async () => {
    const { report } = await look(stack, ...quiet);
    const rows = report.rows.filter(({ source }) => source === "workloads");
    const places = new Set(rows.map(({ part }) => part.split("/")[0] ?? ""));
    const live = await Promise.all(
      [...places].flatMap((one) =>
        ["deployments", "statefulsets"].map((kind) => api.list(`/apis/apps/v1/namespaces/${one}/${kind}`)),
      ),
    );
    const expected = (live.flat() as unknown as Counted[]).map(({ metadata, spec: { replicas = 1 }, status }) => {
      const text =
        replicas === 0 ? "has no pods, as declared" : `${status?.readyReplicas ?? 0} of ${replicas} pods are ready`;
      return `${metadata.namespace ?? ""}/${metadata.name}: ${text}`;
    });
    const messages = rows.map(({ part, text }) => `${part}: ${text.replace(/, the youngest.*/, "")}`);
    assert.deepEqual(messages.toSorted(), expected.toSorted());
    assert.ok(messages.length > 50, `only ${messages.length}`);
    const jobs = await api.list(`/apis/batch/v1/namespaces/${namespace}/cronjobs`);
    assert.deepEqual(
      jobs
        .map(({ metadata }) => `${namespace}/${metadata.name}`)
        .filter((part) => about(report, "jobs", part) === undefined),
      [],
    );
  });

  it("a missing image, a failed job, an ended certificate and a deleted object are reported, and nothing else", async () => {
    const dashboard = `${deployments}/packit-dashboard`;
    const before = await api.get<{ spec: { template: { spec: { containers: { name: string; image: string }[] } } } }>(
      dashboard,
    );
    const [container = { name: "", image: "" }] = before.spec.template.spec.containers;
    const spec = (image: string) => ({ template: { spec: { containers: [{ ...container, image }] } } });
    await api.patch(dashboard, {
      spec: { ...spec("example.org/none:1"), strategy: { type: "Recreate", rollingUpdate: null } },
    });
    const [cron] = await api.list(`/apis/batch/v1/namespaces/${namespace}/cronjobs`);
    const owner = {
      apiVersion: "batch/v1",
      kind: "CronJob",
      name: cron?.metadata.name,
      uid: cron?.metadata.uid,
      controller: true,
    };
    const pod = jobSpec(1);
    const locked = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    const restricted = {
      ...pod,
      containers: pod.containers.map((one) => ({ ...one, securityContext: locked })),
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    };
    await api.apply({
      ...{ apiVersion: "batch/v1", kind: "Job" },
      metadata: { name: "broken", namespace, ownerReferences: [owner] },
      spec: { backoffLimit: 0, template: { spec: restricted } },
    });
    const secret = `/api/v1/namespaces/${namespace}/secrets/packit-secrets`;
    const kept = await api.get<{ data: Record<string, string> }>(secret);
    const key = Object.keys(kept.data).find((name) => name.includes("fullchain")) ?? "fullchain.pem";
    await api.patch(secret, { data: { [key]: Buffer.from(endedCertificate(dir)).toString("base64") } });
    await api.delete(`/api/v1/namespaces/${namespace}/services/packit-dashboard`);

    const { report } = await eventually(
      "the failures",
      () => look(stack, ...withoutBackups, "--system", "packit"),
      (seen) =>
        about(seen.report, "workloads", `${namespace}/packit-dashboard`)?.text.includes("ImagePull") === true &&
        about(seen.report, "jobs", `${namespace}/${cron?.metadata.name ?? ""}`)?.state === "bad",
      300,
    );
    const said = Object.fromEntries(
      wrong(report).map((row) => [`${row.source} ${row.part}`, `${row.state} ${row.text}`]),
    );
    assert.match(
      said[`workloads ${namespace}/packit-dashboard`] ?? "",
      new RegExp(
        `^bad 0 of 1 pods are ready: pod packit-dashboard-\\S+, container ${container.name}: (ErrImagePull|ImagePullBackOff): `,
      ),
    );
    assert.match(
      said[`images ${namespace}/packit-dashboard`] ?? "",
      /^warn .* runs example\.org\/none:1, the stack declares /,
    );
    assert.match(
      said[`jobs ${namespace}/${cron?.metadata.name ?? ""}`] ?? "",
      /^bad job broken failed: BackoffLimitExceeded; pod broken-\S+, container main: ended with exit code 1 \(Error\)/,
    );
    assert.match(said[`certificates Secret ${namespace}/packit-secrets`] ?? "", /^bad certificate \S+ ended on \d{4}-/);
    assert.equal(said[`objects Service ${namespace}/packit-dashboard`], "bad is not there");
    assert.equal(Object.keys(said).length, 5, JSON.stringify(said));
    const plain = await stack.opsOf("status", [...withoutBackups, "--limit", "2m", "--system", "packit"]);
    assert.equal(plain.code, 1);
    assert.match(plain.stdout, /\npackit +BAD {5}/);
    for (const text of Object.values(kept.data)) assert.ok(!plain.stdout.includes(text));

    await api.patch(secret, { data: { [key]: kept.data[key] } });
    await api.delete(`/apis/batch/v1/namespaces/${namespace}/jobs/broken?propagationPolicy=Background`);
    await api.patch(dashboard, { spec: spec(container.image) });
    const repaired = await stack.up("--refresh");
    assert.equal(repaired.code, 0, repaired.text);
    const { code } = await look(stack, ...withoutBackups, "--system", "packit", "--wait", "5m");
    assert.equal(code, 0);
  });

  it("the nightly job notifies a webhook once when a problem begins, and once when it ends", async () => {
    const messages: string[] = [];
    const hook = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => messages.push(chunk.toString()));
      request.on("end", () => response.end("ok"));
    });
    await new Promise<void>((done) => hook.listen(0, "127.0.0.1", done));
    const service = `/api/v1/namespaces/${namespace}/services/packit-dashboard`;
    const night = async (): Promise<string> => {
      const words = [
        "--config-file",
        stack.target.file,
        "--state",
        path.join(dir, "memory.json"),
        "--textfile",
        path.join(dir, "orrery.prom"),
      ];
      const env = { ALERT_SLACK_WEBHOOK: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/word` };
      const options = { cwd: projectDir, env: { ...process.env, ...stack.target.env, ...env } };
      const skipped = ["--skip", "hosts", "--skip", "queues"];
      const { status, stdout, stderr } = await run(
        process.execPath,
        ["ci/alerts.ts", stack.target.stack, ...words, ...skipped],
        options,
      );
      assert.equal(status, 0, stdout + stderr);
      return stdout;
    };
    try {
      await night(); // the lab's samples and the like
      const before = messages.length;
      assert.match(await night(), /^slack: nothing new$/m);
      assert.equal(messages.length, before);
      const kept = await api.get(service);
      await api.delete(service);
      assert.match(await night(), /^slack: Orrery, prod-status: 1 new problem$/m);
      assert.match(
        messages.at(-1) ?? "",
        /BAD prod-status: packit, Service packit-prod\/packit-dashboard: is not there/,
      );
      assert.match(
        readFileSync(path.join(dir, "orrery.prom"), "utf8"),
        /^orrery_problem\{stack="prod-status",system="packit",part="Service packit-prod\/packit-dashboard",source="objects",state="bad"\} 1$/m,
      );
      await night();
      const { name, namespace: home, labels } = kept.metadata;
      const { selector, ports } = (kept as unknown as { spec: Readonly<Record<string, unknown>> }).spec;
      await api.post(`/api/v1/namespaces/${namespace}/services`, {
        ...{ apiVersion: "v1", kind: "Service" },
        metadata: { name, namespace: home, labels },
        spec: { selector, ports },
      });
      assert.match(await night(), /^slack: Orrery, prod-status: 1 over$/m);
      assert.equal(messages.length, before + 2);
    } finally {
      hook.close();
    }
  });

  it("a cluster that is not there is said, and does not hold up the rest", async () => {
    const file = path.join(dir, "kubeconfig");
    writeFileSync(file, kubeconfig("https://127.0.0.1:9", "t"));
    const { code, report } = await look(stack, ...quiet, "--kubeconfig", file);
    assert.equal(code, 1);
    const row = report.rows.find(({ system, part }) => system === "dials" && part.startsWith("cluster "));
    assert.equal(row?.state, "unknown");
    assert.match(row.text, /^did not say \(workloads, objects, .*\): cannot be reached: /);
    assert.ok(
      report.rows.some(({ source, state }) => source === "backups" && state === "ok"),
      "the backend answered",
    );
  });

  it("volumes and quotas are those of OpenStack's own API, and missing servers are named", async () => {
    const cloud = openstackApi(lab);
    const name = "clavius.callysto.farm-docker";
    const made = await cloud.post("volume", "/volumes", { volume: { name, size: 1 } });
    try {
      const { code, report } = await eventually(
        "the volume",
        () => look(school, "--skip", "hubs"),
        (seen) => about(seen.report, "servers", name)?.text.includes("available") === true,
      );
      assert.equal(code, 1);
      assert.equal(about(report, "servers", name)?.text, "volume is available, 1 GB");
      assert.equal(about(report, "servers", "hub.callysto.ca")?.text, "server is not there");
      const quota = report.rows.find(({ source }) => source === "quota");
      assert.match(quota?.text ?? "", /instances \d+ of \d+|nothing is limited/);
      assert.equal(
        about(
          report,
          "logins",
          report.rows.find(({ source, part }) => source === "logins" && part.startsWith("cloud "))?.part ?? "",
        )?.state,
        "ok",
      );
    } finally {
      await cloud.delete("volume", `/volumes/${made.id}`);
    }
  });
});

/** A certificate that ended long ago. */
function endedCertificate(dir: string): string {
  const [key, config, out] = ["key.pem", "ca.cnf", "ended.pem"].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: readonly string[]): void =>
    void execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=ended.test",
    "-keyout",
    key,
    "-out",
    path.join(dir, "csr.pem"),
  );
  writeFileSync(path.join(dir, "index.txt"), "");
  writeFileSync(
    config,
    `[ca]\ndefault_ca=c\n[c]\ndatabase=${dir}/index.txt\nnew_certs_dir=${dir}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
  );
  const dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
  openssl(
    "ca",
    "-batch",
    "-config",
    config,
    "-selfsign",
    "-keyfile",
    key,
    "-in",
    path.join(dir, "csr.pem"),
    ...dates,
    "-notext",
    "-out",
    out,
  );
  return readFileSync(out, "utf8");
}
