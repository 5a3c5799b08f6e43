import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../../config/stackEdit.ts";
import { stackPath } from "../../../config/stackFile.ts";
import { rolloutHistory, streamHistory } from "../../../ops/lib/dials/imageHistory.ts";
import { builds, plan, stackPlan } from "../../../ops/lib/dials/releasePlan.ts";
import { askClients, checklist } from "../../../ops/lib/dials/ssoChecks.ts";
import { select, targets } from "../../../ops/lib/dials/selection.ts";
import { jwtLife, oauthLife } from "../../../ops/lib/kube/token.ts";
import { explain } from "../../../ops/lib/kube/kubectl.ts";
import { main } from "../../../cli/main.ts";
import { orrery } from "../cli/run.ts";
import { settings } from "./fixture.ts";

describe("DIALS' commands", () => {
  let dir: string;
  let file: string;
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "dials-ops-"));
    file = path.join(dir, "Pulumi.prod.yaml");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Runs the command line on a copy of production's stack file, in this process. */
  async function ops(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const stack = words.length > 1 ? ["--stack", "prod", "--config-file", file] : [];
    const [printed, complained]: [string[], string[]] = [[], []];
    const { log, error } = console;
    console.log = (line: string) => void printed.push(line);
    console.error = (line: string) => void complained.push(line);
    try {
      const code = await main([...words, ...stack]);
      return { code, stdout: printed.join("\n"), stderr: complained.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }

  it("a selection names Deployments and groups of Deployments", () => {
    const all = targets(settings());
    const names = (...words: string[]): string[] => select(all, words).map(({ name }) => name);
    assert.deepEqual(names("backend", "backend"), ["backend"]);
    assert.deepEqual(names("tracker-etl"), ["tracker-bulk", "tracker-priority"]);
    assert.deepEqual(names("workers"), ["common-indexer", "tracker-bulk", "tracker-priority", "private-bulk"]);
    assert.deepEqual(names("dials", "databases"), ["backend", "frontend", "redis-etl-broker", "redis-web-cache"]);
    assert.equal(names("etl").length, 6);
    assert.throws(() => names("pixel"), /there is no deployment or group "pixel"; there are common-indexer, /);
    assert.throws(() => names(), /DEPLOYMENT is missing/);
  });

  it("add-workspace changes the stack's file and leaves every other byte as it was", async () => {
    const before_ = readFileSync(stackPath("prod"), "utf8");
    writeFileSync(file, before_);
    const asked = [
      "dials",
      "add-workspace",
      "pixel",
      "--role",
      "pixel-certifiers",
      "--dataset",
      "/ZeroBias/*Run202*/DQMIO",
      "--dataset",
      "/Muon0/*Run202*/DQMIO@phys03",
      "--prefix",
      "PixelPhase1/",
    ];
    const dry = await ops(...asked, "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(readFileSync(file, "utf8"), before_);
    const done = await ops(...asked);
    assert.match(done.stdout, /^added workspace pixel: database pixel, new workers pixel-bulk, pixel-priority/);
    const line =
      "      - {name: pixel, role: pixel-certifiers, datasets: [{pattern: /ZeroBias/*Run202*/DQMIO}, {pattern: /Muon0/*Run202*/DQMIO, instance: phys03}], prefixes: [PixelPhase1/]}\n";
    const after_ = readFileSync(file, "utf8");
    assert.ok(after_.includes(line), after_.slice(after_.indexOf("pixel") - 200, after_.indexOf("pixel") + 300));
    assert.equal(after_.replace(line, ""), before_);
    // A second time it is refused, and the file is unchanged.
    const twice = await ops(...asked);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /workspaces\[8\].name: "pixel" is listed twice/);
    assert.equal(readFileSync(file, "utf8"), after_);
    assert.match(
      (await ops("dials", "add-workspace", "x", "--role", "r", "--dataset", "d", "--prefix", "p")).stderr,
      /datasets\[0\].pattern: got "d"; expected \/<primary dataset>/,
    );
    assert.match((await ops("dials", "add-workspace", "x")).stderr, /--role TEXT is missing/);
  });

  it("add-workspace can set what is not in the file yet, in maps and lists of either style", () => {
    const text = "config:\n  a:s: # note\n    one: { x: 1 } # kept\n    two:\n      y: 2\n    three: []\n  b:s: 5\n";
    assert.equal(put(text, ["config", "a:s", "one", "z"], true), text.replace("{ x: 1 }", "{x: 1, z: true}"));
    assert.equal(put(text, ["config", "a:s", "two", "z"], { q: 1 }), text.replace("y: 2", "y: 2\n      z: {q: 1}"));
    assert.equal(put(text, ["config", "a:s", "three", 0], "v"), text.replace("[]", "[v]"));
    assert.equal(
      put(text, ["config", "a:s", "four", "five"], 1),
      text.replace("three: []", "three: []\n    four: {five: 1}"),
    );
    assert.equal(put(text, ["config", "a:s", "one", "x"], 2), text.replace("x: 1", "x: 2"));
    assert.throws(() => put(text, ["config", "b:s", "x"], 1), /config \/ b:s in the stack file holds no map or list/);
  });

  it("the expiry of a login is read from its token or from OpenShift", () => {
    const jwt = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
    assert.equal(jwtLife(jwt({ exp: 1_800_000_000 }))?.until?.toISOString(), "2027-01-15T08:00:00.000Z");
    assert.equal(jwtLife(jwt({}))?.until, undefined);
    assert.equal(jwtLife("sha256~abc"), undefined);
    const grants = [
      { metadata: { creationTimestamp: "2026-01-01T00:00:00Z" }, expiresIn: 86_400 },
      { metadata: { creationTimestamp: "2026-01-03T00:00:00Z" }, expiresIn: 86_400 },
      { metadata: { creationTimestamp: "2026-02-01T00:00:00Z" }, expiresIn: 0 },
    ];
    assert.equal(oauthLife({ items: grants })?.until?.toISOString(), "2026-01-04T00:00:00.000Z");
    assert.equal(oauthLife({ items: [] }), undefined);
    assert.match(
      explain("error: You must be logged in to the server (Unauthorized)"),
      /its token has expired or was revoked; get a new one/,
    );
    assert.match(
      explain("The connection to the server localhost:8080 was refused - did you specify the right host or port?"),
      /^no cluster is named: .*; name a --kubeconfig or --context/,
    );
    assert.match(explain("error: current-context must exist in order to minify"), /^no cluster is named: /);
    assert.match(
      explain('Error from server (NotFound): pods "x" not found'),
      /^kubectl: Error from server \(NotFound\)/,
    );
  });

  it("images shows what the streams imported and what ran", () => {
    const items = [
      { created: "2026-01-02T00:00:00Z", dockerImageReference: "r/etl@sha256:b" },
      { created: "2026-01-01T00:00:00Z", dockerImageReference: "r/etl@sha256:a" },
    ];
    assert.deepEqual(
      streamHistory([
        { metadata: { name: "etl" }, status: { tags: [{ tag: "latest", items }] } },
        { metadata: { name: "backend" } },
      ]).map(({ name, image, note }) => [name, image, note]),
      [
        ["ImageStream etl:latest", "r/etl@sha256:b", "current"],
        ["ImageStream etl:latest", "r/etl@sha256:a", ""],
      ],
    );
    const set = (revision: string, replicas: number, when: string) => ({
      metadata: {
        creationTimestamp: when,
        annotations: { "deployment.kubernetes.io/revision": revision },
        ownerReferences: [{ name: "frontend" }],
      },
      spec: { replicas, template: { spec: { containers: [{ image: `f:${revision}` }] } } },
    });
    const past = rolloutHistory(["frontend"], [set("1", 0, "2026-01-01"), set("2", 3, "2026-01-02")]);
    assert.deepEqual(
      past.map(({ image, note }) => [image, note]),
      [
        ["f:2", "revision 2, runs"],
        ["f:1", "revision 1"],
      ],
    );
  });

  it("release builds the three images and the mirror under their version, and pushes nothing before all are built", () => {
    const steps = plan("podman", "1.12.1", "docker.io/nginxinc/nginx-unprivileged:1.26.3");
    const verbs = steps.map(([, verb]) => verb);
    assert.deepEqual(verbs, ["build", "build", "build", "pull", "tag", "push", "push", "push", "push"]);
    assert.deepEqual(steps.at(-1), ["podman", "push", "registry.cern.ch/cms-dqmdc/nginxinc-nginx-unprivileged:1.26.3"]);
    assert.ok(steps.flat().includes("registry.cern.ch/cms-dqmdc/dials-etl:1.12.1"));
  });

  it("release refuses a source that is no checkout of DIALS, in a dry run, too", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "release-"));
    try {
      const missing = path.join(dir, "missing");
      assert.deepEqual(await orrery("dials", "release", "1.12.1", "--source", missing, "--dry-run"), {
        ...{ code: 1, stdout: "", stderr: `orrery: --source: there is no folder ${missing}` },
      });
      const empty = await orrery("dials", "release", "1.12.1", "--source", dir, "--dry-run");
      assert.deepEqual([empty.code, empty.stdout], [1, ""]);
      assert.match(empty.stderr, /release-\w+ is not a checkout of DIALS: it lacks etl\/Dockerfile\.prod, backend\//);
      for (const file of Object.values(builds)) {
        mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
        writeFileSync(path.join(dir, file), "");
      }
      const { code, stdout } = await orrery("dials", "release", "1.12.1", "--source", dir, "--dry-run");
      assert.deepEqual([code, stdout.split("\n").length], [0, 9]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("release can build a stack's own frontend alone", () => {
    assert.deepEqual(stackPlan("podman", "1.12.0", "stage", "/tmp/x/Dockerfile"), [
      [
        "podman",
        "build",
        "--file",
        "/tmp/x/Dockerfile",
        "--tag",
        "registry.cern.ch/cms-dqmdc/dials-frontend:1.12.0-stage",
        ".",
      ],
      ["podman", "push", "registry.cern.ch/cms-dqmdc/dials-frontend:1.12.0-stage"],
    ]);
  });

  it("token requests an API client's token as the backend does, for its own audience", async () => {
    const asked: URLSearchParams[] = [];
    const server = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => asked.push(new URLSearchParams(chunk.toString())));
      request.on("end", () => void response.end("{}"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { sso, ...rest } = settings();
      const checks = await askClients(
        { ...rest, sso: { ...sso, server: `http://127.0.0.1:${port}/auth/` } },
        { a: "s" },
      );
      assert.deepEqual(
        checks.map(({ state }) => state),
        ["ok"],
      );
    } finally {
      server.close();
    }
    // cms-DQM/dials@v1.12.0 backend/utils/rest_framework_cern_sso/backends.py:28-36, authentication.py:75
    assert.deepEqual(
      asked.map((form) => Object.fromEntries(form)),
      [{ grant_type: "client_credentials", client_id: "a", client_secret: "s", audience: "a" }],
    );
  });

  it("sso lists every application and role of the SSO with this environment's values", () => {
    const list = checklist(settings());
    assert.deepEqual(
      list.map(({ what }) => what),
      [
        ...["cms-dials-prod-public-app", "cms-dials-prod-confidential-app", "client-a", "oms"].map(
          (id) => `application ${id}`,
        ),
        "token exchange",
        ...["role-tracker", "role-muon_staging", "cms-dqm-hardcore"].map((role) => `role ${role}`),
      ],
    );
    assert.ok(list[0]?.detail.includes("https://cmsdials.web.cern.ch/;"));
    assert.match(list[5]?.detail ?? "", /opens tracker \(the default\)/);
  });
});
