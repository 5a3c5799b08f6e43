import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { buildRow } from "../../../ops/lib/status/collectors/builds.ts";
import { certificateRows } from "../../../ops/lib/status/collectors/certificates.ts";
import { imageRows } from "../../../ops/lib/status/collectors/images.ts";
import { cronJobRow, looseJobRows } from "../../../ops/lib/status/collectors/jobs.ts";
import { objectRows } from "../../../ops/lib/status/collectors/objects.ts";
import { permissionRows } from "../../../ops/lib/status/collectors/permissions.ts";
import { namespaceRows } from "../../../ops/lib/status/collectors/quota.ts";
import { declared, live, now } from "./objects.ts";

const cron = declared("CronJob", "import-images", { spec: { schedule: "0 2 * * *" } });
const owner = {
  ownerReferences: [{ kind: "CronJob", name: "import-images" }],
  creationTimestamp: "2026-11-23T02:00:00Z",
};
const failed = {
  status: {
    startTime: "2026-11-23T02:00:00Z",
    conditions: [
      { type: "Failed", status: "True", reason: "BackoffLimitExceeded", lastTransitionTime: "2026-11-23T02:05:00Z" },
    ],
  },
};
const liveCron = (status: object, spec: object = {}) =>
  live(
    "CronJob",
    "import-images",
    { spec: { schedule: "0 2 * * *", ...spec }, status },
    { creationTimestamp: "2026-11-01T00:00:00Z" },
  );

describe("status of what else is in a cluster", () => {
  it("a CronJob whose newest run failed is bad, with pod, container and reason", () => {
    const jobs = [live("Job", "import-images-1", failed, owner)];
    const state = { terminated: { exitCode: 2, reason: "Error" } };
    const pods = [
      live(
        "Pod",
        "import-images-1-x",
        { status: { phase: "Failed", containerStatuses: [{ name: "import", ready: false, state }] } },
        { ownerReferences: [{ kind: "Job", name: "import-images-1" }] },
      ),
    ];
    assert.deepEqual(cronJobRow(cron, liveCron({ lastScheduleTime: "2026-11-23T02:00:00Z" }), jobs, pods, now), {
      system: "packit",
      part: "packit-prod/import-images",
      state: "bad",
      text: "job import-images-1 failed: BackoffLimitExceeded; pod import-images-1-x, container import: ended with exit code 2 (Error)",
      since: "2026-11-23T02:05:00Z",
    });
  });

  it("a CronJob that ran well is ok, one that missed its time is late, a suspended one is neither", () => {
    const well = { lastScheduleTime: "2026-11-23T02:00:00Z", lastSuccessfulTime: "2026-11-23T02:10:00Z" };
    assert.equal(cronJobRow(cron, liveCron(well), [], [], now).text, "its last run ended well 10 h ago");
    const missed = cronJobRow(cron, liveCron({ lastScheduleTime: "2026-11-21T02:00:00Z" }), [], [], now);
    assert.deepEqual([missed.state, missed.since], ["warn", "2026-11-22T02:00:00.000Z"]);
    assert.equal(cronJobRow(cron, liveCron({}, { suspend: true }), [], [], now).text, "is suspended");
  });

  it("failed jobs that programs make are one warning, declared ones are bad each", () => {
    const jobs = [
      live("Job", "solver-1", failed),
      live("Job", "migrations", failed),
      live("Job", "fine", { status: {} }),
    ];
    const rows = looseJobRows("thoth", "packit-prod", new Set(["migrations"]), jobs, []);
    assert.deepEqual(
      rows.map(({ part, state }) => [part, state]),
      [
        ["packit-prod/migrations", "bad"],
        ["jobs of packit-prod", "warn"],
      ],
    );
    assert.match(rows[1]?.text ?? "", /^1 of 3 jobs failed, the newest: job solver-1 failed: BackoffLimitExceeded$/);
  });

  it("missing objects and claims that are not bound are named, the rest is counted", () => {
    const all = [declared("ConfigMap", "a"), declared("Secret", "b"), declared("PersistentVolumeClaim", "c")];
    const rows = objectRows(all, [
      live("ConfigMap", "a"),
      live("PersistentVolumeClaim", "c", { status: { phase: "Lost" } }),
    ]);
    assert.deepEqual(
      rows.map(({ part, state, text }) => [part, state, text]),
      [
        ["objects", "ok", "1 of 3 declared objects are there and in order"],
        ["Secret packit-prod/b", "bad", "is not there"],
        ["PersistentVolumeClaim packit-prod/c", "bad", "is Lost, not bound"],
      ],
    );
  });

  it("images other than the declared ones are named by container", () => {
    const template = (image: string) => ({
      spec: { template: { spec: { containers: [{ name: "service", image }] } } },
    });
    const rows = imageRows(
      [declared("Deployment", "packit-service", template("q.io/p:2"))],
      [live("Deployment", "packit-service", template("q.io/p:1"))],
    );
    assert.deepEqual(
      rows.map(({ state, text }) => [state, text]),
      [
        ["ok", "0 of 1 workloads have the declared images"],
        ["warn", "service runs q.io/p:1, the stack declares q.io/p:2"],
      ],
    );
  });

  it("the newest build of a BuildConfig counts", () => {
    const build = (name: string, phase: string, creationTimestamp: string) =>
      live(
        "Build",
        name,
        { status: { phase, reason: "DockerBuildFailed", config: { name: "bot" } } },
        { creationTimestamp },
      );
    const builds = [
      build("bot-1", "Failed", "2026-11-01T00:00:00Z"),
      build("bot-2", "Complete", "2026-11-02T00:00:00Z"),
    ];
    assert.equal(buildRow(declared("BuildConfig", "bot"), builds).state, "ok");
    assert.match(
      buildRow(declared("BuildConfig", "bot"), builds.slice(0, 1)).text,
      /build bot-1 is Failed: DockerBuildFailed/,
    );
  });

  it("the fullest amounts of a quota come first, and a nearly full one is a warning", () => {
    const status = {
      hard: { pods: "10", "requests.memory": "2Gi", "limits.cpu": "4" },
      used: { pods: "2", "requests.memory": "1900Mi", "limits.cpu": "500m" },
    };
    const [row] = namespaceRows("packit", [live("ResourceQuota", "quota", { status })]);
    assert.equal(row?.state, "warn");
    assert.equal(row.text, "requests.memory 1900Mi of 2Gi, pods 2 of 10, limits.cpu 500m of 4");
  });

  it("an account that may more or less than its roles say is named", () => {
    const right = {
      account: "packit-prod/worker",
      namespace: "packit-prod",
      verb: "list",
      resource: "secrets",
      allowed: false,
    };
    const rows = permissionRows("packit", [{ right, allowed: true }]);
    assert.deepEqual(
      rows.map(({ state, text }) => [state, text]),
      [
        ["ok", "0 of 1 permissions are as the roles say"],
        ["bad", "may list secrets in packit-prod, against its roles"],
      ],
    );
  });

  describe("certificates", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "status-"));
    let pem = "";
    before(() => {
      const args = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=x",
        "-days",
        "20",
      ];
      execFileSync("openssl", [...args, "-keyout", path.join(dir, "key"), "-out", path.join(dir, "cert")], {
        stdio: "ignore",
      });
      pem = readFileSync(path.join(dir, "cert"), "utf8");
    });
    after(() => {
      rmSync(dir, { recursive: true });
    });

    it("a certificate in a Secret warns before it ends, is bad afterwards, and nothing of its key is said", () => {
      const data = {
        "tls.crt": Buffer.from(pem).toString("base64"),
        password: Buffer.from("hunter2").toString("base64"),
      };
      const rows = (at: Date) => certificateRows([declared("Secret", "tls")], [live("Secret", "tls", { data })], at);
      const today = new Date();
      assert.deepEqual(
        rows(today).map(({ part, state }) => [part, state]),
        [["Secret packit-prod/tls", "warn"]],
      );
      assert.match(
        rows(today)[0]?.text ?? "",
        /^certificate tls\.crt is valid until \d{4}-\d\d-\d\d, for (19|20) days$/,
      );
      const later = new Date(today.getTime() + 30 * 86_400_000);
      assert.match(rows(later)[0]?.text ?? "", /^certificate tls\.crt ended on /);
      assert.equal(rows(later)[0]?.state, "bad");
    });
  });
});
