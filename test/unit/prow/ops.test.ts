/** Decisions of Prow's day-2 commands; test/live/prow.test.ts runs them on a cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { main } from "../../../cli/main.ts";
import { commitOf, prepareScript } from "../../../ops/lib/prow/debugScript.ts";
import { excess, tokenOwner } from "../../../ops/lib/prow/github.ts";
import { memoryPatch } from "../../../ops/lib/prow/environment.ts";
import { manifestFile } from "../../../ops/lib/prow/manifestFile.ts";
import { evaluate } from "../../../ops/lib/prow/ready.ts";
import { delivery, hmacToken, smokeTests } from "../../../ops/lib/prow/smoke.ts";
import type { Manifest } from "../../../policy/manifest.ts";

describe("waiting for Prow", () => {
  const deployment = (name: string, replicas: number, ready: number, generation = 1) => ({
    metadata: { name, generation },
    spec: { replicas },
    status: { observedGeneration: 1, updatedReplicas: ready, readyReplicas: ready },
  });
  const pod = (name: string, ready: boolean, restartCount = 0, phase = "Running") => ({
    metadata: { name },
    status: { phase, containerStatuses: [{ name: "main", ready, restartCount, state: {} }] },
  });

  it("waiting includes Deployments that have no pod at all, but not those with zero replicas", () => {
    assert.deepEqual(evaluate([], []).waiting, ["there is no Deployment"]);
    assert.deepEqual(evaluate([deployment("hook", 4, 0)], []).waiting, ["Deployment hook has 0 of 4 pods"]);
    assert.deepEqual(evaluate([deployment("hook", 4, 4), deployment("off", 0, 0)], []).waiting, []);
    assert.deepEqual(evaluate([deployment("hook", 1, 1, 2)], []).waiting, ["Deployment hook has 0 of 1 pods"]);
  });

  it("every container is checked, but no finished pods", () => {
    const ready = [deployment("hook", 1, 1)];
    assert.deepEqual(
      evaluate(ready, [pod("a", false), pod("b", false, 0, "Succeeded"), pod("c", false, 0, "Failed")]).waiting,
      ["a/main is not ready"],
    );
  });

  it("an old restart is ignored, and a restart while waiting extends the wait", () => {
    const ready = [deployment("hook", 1, 1)];
    const first = evaluate(ready, [pod("a", true, 1)]);
    assert.deepEqual(first.waiting, ["a/main was restarted (1 times in all)"]);
    const second = evaluate(ready, [pod("a", true, 1)], first);
    assert.deepEqual(second.waiting, []);
    assert.deepEqual(evaluate(ready, [pod("a", true, 2)], second).waiting, ["a/main was restarted (2 times in all)"]);
  });
});

describe("ops prow token", () => {
  let server: Server;
  let answer: { status: number; scopes?: string };
  before(async () => {
    server = createServer((request, response) => {
      assert.equal(request.headers.authorization, "Bearer t");
      response.writeHead(answer.status, answer.scopes === undefined ? {} : { "x-oauth-scopes": answer.scopes });
      response.end(JSON.stringify({ login: "bot" }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (): ReturnType<typeof tokenOwner> =>
    tokenOwner("t", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  it("a token's scopes are read as GitHub reports them, or reported as unknown", async () => {
    answer = { status: 200, scopes: "read:user, repo" };
    assert.deepEqual(await ask(), { login: "bot", scopes: ["read:user", "repo"] });
    answer = { status: 200, scopes: "" };
    assert.deepEqual((await ask()).scopes, []);
    answer = { status: 200 };
    assert.equal((await ask()).scopes, undefined);
    answer = { status: 401 };
    await assert.rejects(ask(), /mistyped, expired or revoked/);
    await assert.rejects(tokenOwner("t", "http://127.0.0.1:1"), /^Error: GitHub \(\S+\) does not answer: ./);
  });

  it("a token may have the scopes in the settings and none that include more", () => {
    assert.deepEqual(excess(["read:user"], ["read:user"]), []);
    assert.deepEqual(excess(["user", "repo"], ["read:user", "repo"]), ["user"]);
  });
});

describe("ops prow verify", () => {
  it("a test webhook is signed with the newest token of a map, or with a plain token", () => {
    assert.equal(hmacToken("secret\n"), "secret");
    const map = `
"*":
  - {value: old, created_at: 2020-01-01T00:00:00Z}
  - {value: new, created_at: 2021-01-01T00:00:00Z}
kubevirt: [{value: other, created_at: 2022-01-01T00:00:00Z}]`;
    assert.equal(hmacToken(map), "new");
    // The example of GitHub's documentation.
    const signed = delivery("ping", "Hello, World!", "It's a Secret to Everybody");
    assert.equal(
      signed["x-hub-signature-256"],
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    );
  });

  it("a wrong page, and a hook behind a rewritten path, are recognised", async () => {
    const server = createServer((_, response) => response.end("<html>welcome</html>"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const findings = await smokeTests({ deck: at, hook: `${at}/hook`, gcsweb: undefined }, "t");
    server.closeAllConnections();
    server.close();
    const said = findings.map(({ object, detail }) => `${object.replace(at, "")}: ${detail ?? "ok"}`);
    assert.deepEqual(said, [
      `/: its page lacks "DOCTYPE html" and "Prow Status"`,
      `/prowjobs.js: its page lacks ""items""`,
      "/hook with a ping: ok",
      "/hook with a wrong signature: answers 200, not 403: <html>welcome</html>",
      "/hook without POST: answers 200, not 405: <html>welcome</html>",
    ]);
  });
});

describe("ops prow verify of gcsweb", () => {
  it("gcsweb's style sheet is requested where its pages do, at the root of its host", async () => {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      response.statusCode = url.startsWith("/gcsweb/") ? 200 : 404;
      response.end("ok");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const findings = await smokeTests({ gcsweb: `${at}/gcsweb` }, "t");
    server.closeAllConnections();
    server.close();
    assert.deepEqual(asked.toSorted(), ["/gcsweb/healthz", "/styles/style.css"]);
    assert.deepEqual(
      findings.map(({ object, detail }) => `${object.replace(at, "")}: ${detail ?? "ok"}`),
      ["/styles/style.css: answers 404, not 200: ok", "/gcsweb/healthz: ok"],
    );
  });
});

describe("ops prow debug", () => {
  const running = (image: string) => ({
    spec: {
      template: {
        spec: {
          containers: [
            { image, args: ["--config-path=/etc/config/config.yaml"], volumeMounts: [{ mountPath: "/etc/config" }] },
          ],
        },
      },
    },
  });

  it("debug fetches the sources of the running version, and prints how to run them with the service's flags", () => {
    assert.equal(commitOf("us-docker.pkg.dev/k8s-infra-prow/images/deck:v20260819-7593870dc"), "7593870dc");
    assert.equal(commitOf("deck@sha256:00"), undefined);
    const script = prepareScript("statusreconciler", running("x/y:v20260819-7593870dc"));
    assert.match(script, /ln -s \/proc\/1\/root\/etc\/config \/etc\/config/);
    assert.match(script, /git checkout --quiet 7593870dc/);
    assert.match(script, /go run \.\/cmd\/status-reconciler '--config-path=\/etc\/config\/config\.yaml'/);
    assert.equal(spawnSync("bash", ["-n"], { input: script }).status, 0);
  });

  it("debug changes the memory of the service's own container, request and limit alike", () => {
    const resources = { requests: { memory: "2Gi" }, limits: { memory: "2Gi" } };
    assert.deepEqual(memoryPatch("deck", "2Gi"), {
      spec: { template: { spec: { containers: [{ name: "deck", resources }] } } },
    });
  });
});

describe("ops prow render", () => {
  it("render writes namespaces first, and neither Secrets nor whole nodes", () => {
    const manifest = (kind: string, name: string): Manifest => {
      const body = { apiVersion: "v1", kind, metadata: { name } };
      return { cluster: "", apiVersion: "v1", kind, namespace: "", name, body };
    };
    const text = manifestFile([
      manifest("Deployment", "d"),
      manifest("Secret", "s"),
      manifest("Node", "n"),
      manifest("Namespace", "a"),
    ]);
    assert.deepEqual(
      [...text.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind),
      ["Namespace", "Deployment"],
    );
  });
});

describe("ops prow", () => {
  /** Runs a command line in this process. @returns exit code and what was printed */
  async function run(...words: string[]): Promise<{ code: number; said: string }> {
    const lines: string[] = [];
    const { log, error } = console;
    console.log = (line: string) => lines.push(line);
    console.error = console.log;
    try {
      return { code: await main(["prow", ...words]), said: lines.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }

  it("a missing or wrong argument is reported in one line, and changes nothing", async () => {
    const cases: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
      [["verify"], 2, /^orrery: --stack S is missing: /],
      [["verify", "--stack", "nowhere"], 2, /^orrery: .*nowhere/],
      [
        ["converge", "--stack", "stage", "--lab"],
        1,
        /^orrery: there is no test cluster; .* prow prepare --stack stage creates one/,
      ],
      [["memory", "plank", "2Gi", "--stack", "prod"], 2, /^orrery: there is no service "plank"/],
      [
        ["memory", "deck", "lots", "--stack", "prod"],
        2,
        /^orrery: QUANTITY is "lots"; give the memory of deck, e\.g\. 2Gi or 1500M/,
      ],
      [["bootstrap", "--stack", "prod"], 2, /^orrery: --jobs FOLDER is missing: /],
      [["bootstrap", "--stack", "prod", "--jobs", "/nowhere"], 1, /^orrery: there is no folder \/nowhere/],
      [["converge", "--stack", "prod", "--tries", "none"], 2, /^orrery: --tries is "none"; give a whole number from 1/],
    ];
    for (const [words, code, said] of cases) {
      const outcome = await run(...words);
      assert.deepEqual([outcome.code, words], [code, words], outcome.said);
      assert.match(outcome.said, said);
      const lines = outcome.said.split("\n").filter((line) => !line.startsWith("npx orrery prow "));
      assert.equal(lines.length, 1);
    }
  });

  it("memory is written to the stack file's settings only on request", async () => {
    const file = path.join(projectDir, "Pulumi.prod.yaml");
    const { code, said } = await run("memory", "deck", "2Gi", "--stack", "prod", "--keep", "--dry-run");
    assert.deepEqual([code, said], [0, `resources.deck.memory would be 2Gi in ${file}`]);
  });
});
