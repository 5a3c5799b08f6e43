/**
 * DIALS of stack `test` at work on real nodes: from a file on EOS to what a person sees, asserted in the databases, at Flower and on a
 * page. DIALS' own modules are stand-ins; Redis, Celery, RedBeat, Flower, Alembic, PostgreSQL, nginx, gunicorn, Django and Keycloak are real.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import type { Page } from "playwright-core";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { type DialsAtWork, deployDials, stack } from "../../lab/demo/dials/deploy.ts";
import { element, flowerScene, ingest, pageOf, signOnScene, workspace } from "../../lab/demo/dials/dials.ts";
import { allowExchange } from "../../lab/demo/dials/exchange.ts";
import { type Person, startKeycloak } from "../../lab/demo/dials/keycloak.ts";
import { databases, fileRow, histogram, makeDue, restarts, writeToEos } from "../../lab/demo/dials/steps.ts";
import { execute } from "../../lab/demo/kubectl.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { orrery, upDemo } from "../../lab/demo/stack.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { changed } from "../../lab/harness/system.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { kubernetesEnv } from "../../lab/kubernetes/kubernetes.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";
import { authorityFile } from "../../lab/kubernetes/router/certificates.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";
import { root } from "../../lab/settings.ts";
import type { Check } from "../../ops/lib/dials/ssoChecks.ts";
import { podsIn, type Pod, uidsIn } from "./dials/pods.ts";
import { withOutsideProxy } from "./outsideProxy.ts";

const quiet = (): void => undefined;

interface Ready extends KubeObject {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly lastTransitionTime: string }[] };
}

describe("DIALS at work", function () {
  this.timeout(900_000);
  const cluster = demoSettings(lab);
  const api = kubeApi(cluster);
  let run: Run;
  let dials: DialsAtWork;

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    dials = await deployDials(run);
  });
  after(() => removeCluster(cluster, quiet));
  const podsOf = (app?: string): Promise<readonly Pod[]> => podsIn(api, dials.namespace, app);
  const uidsByApp = (): Promise<ReadonlyMap<string, string>> => uidsIn(api, dials.namespace);

  it("the first deployment is in order: no worker exists before the broker is ready and the databases are migrated", async () => {
    const { namespace } = dials;
    const broker = await api.get<Ready>(`/apis/apps/v1/namespaces/${namespace}/deployments/redis-etl-broker`);
    const available = broker.status.conditions.find(({ type }) => type === "Available")?.lastTransitionTime ?? "";
    const job = await api.get<KubeObject & { readonly status: { readonly completionTime: string } }>(
      `/apis/batch/v1/namespaces/${namespace}/jobs/dials-db-init`,
    );
    const pods = await podsOf();
    const workers = pods.filter(({ metadata }) =>
      /^(common|tracker|private)-|^flower$/.test(metadata.labels.app ?? ""),
    );
    assert.ok(workers.length >= 6, pods.map(({ metadata }) => metadata.name).join());
    for (const { metadata } of workers) {
      const { name, creationTimestamp: made } = metadata;
      assert.ok(available !== "" && made >= available, `${name} before the broker: ${made}, ${available}`);
      assert.ok(made >= job.status.completionTime, `${name} before the databases`);
    }
  });

  it("the migrations' job makes a database for each workspace", async () => {
    const made = await databases(run);
    for (const name of [workspace, "muon_staging"]) assert.ok(made.includes(name), made.join(", "));
  });

  it("a file of the priority era becomes a row by the priority worker, with what the workspace keeps", async () => {
    const { name, row, task } = await ingest(run, dials, "Run2024C", 1001);
    assert.match(row.worker, /^tracker-priority@/);
    assert.equal(row.rows, 1, "of two histograms the workspace's prefixes keep one");
    assert.equal(task.name, "file_ingesting_pipeline");
    // The other workspace takes private datasets only.
    assert.equal(await fileRow(run, "muon_staging", name), undefined);
  });

  it("a file of another era goes to the bulk worker", async () => {
    const { row } = await ingest(run, dials, "Run2023D", 1002);
    assert.match(row.worker, /^tracker-bulk@/);
  });

  it("a worker whose pod is deleted finishes its file first", async () => {
    const file = { era: "Run2023D", histograms: [histogram(element, 1003)], seconds: 20 };
    const name = await writeToEos(api, dials, file);
    await makeDue(run, dials);
    const started = await until("the task's start", 120, async () => {
      const found = await fileRow(run, workspace, name);
      return found?.status === "STARTED" ? found : undefined;
    });
    const pod = started.worker.slice(started.worker.indexOf("@") + 1);
    await api.delete(`/api/v1/namespaces/${dials.namespace}/pods/${pod}`);
    const done = await until("the task's end", 90, async () => {
      const found = await fileRow(run, workspace, name);
      return found?.status === "STARTED" ? undefined : found;
    });
    assert.deepEqual(done, { status: "FINISHED", worker: started.worker, rows: 1 });
  });

  it("Route, nginx, gunicorn and Django show the histograms in a browser, and Flower the tasks through a forwarded port; no other host or workspace is answered for", async () => {
    const url = pageOf(dials);
    const { status, body } = await ask(cluster, url);
    assert.equal(status, 200);
    assert.match(body, /<svg/);
    assert.match(body, /stand-in/);
    assert.equal((await ask(cluster, url.replace(workspace, "nobody"))).status, 404);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-dials-"));
    try {
      const scenes = [{ name: "dials", url, shows: "run 1003" }, flowerScene(run, dials)];
      const pictures = await takePictures(cluster, folder, scenes);
      assert.equal(pictures.length, 2);
      for (const picture of pictures) assert.ok(statSync(picture).size > 5000, picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("who may not exchange the frontend's token sees no histogram; once the application grants it, the workspace of one's role", async () => {
    const { settings } = dials;
    const signOn = await startKeycloak(run, settings);
    const byWorkspace = (name: string): Person => {
      const person = signOn.people.find((one) => one.workspace === name);
      assert.ok(person, name);
      return person;
    };
    const tracker = byWorkspace(workspace);
    const scene = signOnScene(dials, tracker);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-dials-"));
    const seen: { token?: string; original?: string } = {};
    const watched = async (page: Page): Promise<void> => {
      page.on("request", (request) => {
        const { authorization } = request.headers();
        if (request.url().endsWith("/stand-in/histograms") && authorization !== undefined) seen.token = authorization;
        const exchanged = new URLSearchParams(request.postData() ?? "").get("subject_token");
        if (exchanged !== null) seen.original = exchanged;
      });
      await scene.act?.(page);
    };
    try {
      await takePictures(cluster, folder, [{ ...scene, shows: "Client not allowed to exchange" }]);
      await allowExchange(cluster, settings, signOn);
      await takePictures(cluster, folder, [
        { ...scene, act: watched },
        { ...signOnScene(dials, byWorkspace("muon_staging")), name: "other" },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const url = `https://${settings.apiHost}/api/v1/stand-in/histograms`;
    const asked = async (authorization?: string): Promise<readonly [number, unknown]> => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const { status, body } = await ask(cluster, url, { headers });
      const { figures, ...rest } = JSON.parse(body) as { readonly figures?: string };
      return [status, figures === undefined ? rest : { ...rest, runs: /run \d+/.exec(figures)?.[0] }];
    };
    const { token = "", original = "" } = seen;
    assert.deepEqual(await asked(token), [200, { user: tracker.login, workspace, runs: "run 1003" }]);
    assert.deepEqual(await asked(), [401, { detail: "no token" }]);
    // What the browser signed on with is for the frontend, not for the API.
    assert.deepEqual(await asked(`Bearer ${original}`), [401, { detail: "JWTMissingClaim" }]);
    const [head, claims, signature = ""] = token.split(".");
    const forged = `${head}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    assert.deepEqual(await asked(forged), [401, { detail: "InvalidJWSSignature" }]);
  });

  it("ops dials sso --online asks the real server: both applications are known with their redirects", async () => {
    const { settings } = dials;
    const { ingress } = nodeNetwork(cluster);
    await withOutsideProxy(ingress, async (proxy) => {
      const env = {
        ...process.env,
        ...{ HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: "1", NODE_EXTRA_CA_CERTS: authorityFile(cluster) },
      };
      const words = ["orrery.mjs", "dials", "sso", "--stack", "test", "--online", "--json"];
      const { stdout } = await promisify(execFile)(process.execPath, words, { env, cwd: root });
      const checks = (JSON.parse(stdout) as readonly Check[]).filter(({ state }) => state !== "by hand");
      const front = settings.frontendBuild.publicClient;
      assert.deepEqual(
        checks.map(({ what, state }) => [what, state]),
        [
          ["SSO server", "ok"],
          [`login to ${front}`, "ok"],
          [`login to ${front}`, "ok"],
          [`login to ${settings.sso.confidentialClient}`, "ok"],
        ],
      );
    });
  });

  it("what waits in the broker's queue is on its claim: it outlives the pod", async () => {
    const redis = (...words: readonly string[]): Promise<string> => {
      const line = `REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ${words.join(" ")}`;
      return execute(run, dials.namespace, ["deployment/redis-etl-broker", "--", "bash", "-c", line]);
    };
    assert.equal((await redis("RPUSH", "kept-by-the-claim", "one", "two")).trim(), "2");
    const [old] = await podsOf("redis-etl-broker");
    await api.delete(`/api/v1/namespaces/${dials.namespace}/pods/${old?.metadata.name ?? ""}`);
    await until("the broker's next pod", 120, async () => {
      const [pod, ...more] = await podsOf("redis-etl-broker");
      const ready = pod?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
      return more.length === 0 && pod?.metadata.uid !== old?.metadata.uid && ready === true ? pod : undefined;
    });
    assert.equal((await redis("LRANGE", "kept-by-the-claim", "0", "-1")).trim(), "one\ntwo");
    await redis("DEL", "kept-by-the-claim");
  });

  it("no container had to start again", async () => {
    assert.equal(await restarts(api, dials), 0);
  });

  it("ops dials restart replaces the frontend's pods and no others, and the page answers when it ends", async () => {
    const before = await uidsByApp();
    const words = ["orrery.mjs", "dials", "restart", "frontend", "--stack", "test"];
    const env = { ...process.env, ...kubernetesEnv(cluster) };
    const { stdout } = await promisify(execFile)(process.execPath, words, { env, cwd: root });
    assert.equal(stdout, "restarted frontend\n");
    await until("the end of the old pods", 120, async () =>
      (await podsOf("frontend")).length === dials.settings.web.frontendReplicas ? true : undefined,
    );
    const replaced = [...(await uidsByApp())].filter(([app, uids]) => uids !== before.get(app)).map(([app]) => app);
    assert.deepEqual(replaced, ["frontend"]);
    // With one pod the router may lead to the old one for an instant, and such a call waits until its connection times out.
    const url = `https://${dials.settings.frontendHost}/`;
    await until("the page", 60, async () => ((await ask(cluster, url)).status === 200 ? true : undefined));
  });

  it("an update of the backend replaces the backend's pods and no others", async () => {
    const before = await uidsByApp();
    await deployDials(run, (text) =>
      changed(text, [[["dials:settings", "sso", "omsClient"], "cms-dials-dev-api-client-other"]]),
    );
    const after_ = await uidsByApp();
    const replaced = [...after_].filter(([app, uids]) => uids !== before.get(app)).map(([app]) => app);
    assert.deepEqual(replaced, ["backend"]);
  });

  it("a workspace that leaves the settings takes its workers along; the other's, Redis and every database stay", async () => {
    const before = await uidsByApp();
    await deployDials(run, (text) => changed(text, [[["dials:settings", "workspaces", 0], undefined]]));
    const left = await until("the end of the workspace's workers", 120, async () => {
      const now = await uidsByApp();
      return now.has("private-bulk") ? undefined : now;
    });
    assert.ok(before.has("private-bulk"), [...before.keys()].join());
    for (const app of ["tracker-bulk", "tracker-priority", "redis-etl-broker", "redis-web-cache", "frontend"]) {
      assert.ok(before.has(app), app);
      assert.equal(left.get(app), before.get(app), app);
    }
    assert.ok((await databases(run)).includes("muon_staging"), "data is nobody's to delete by a setting");
  });

  it("ops dials add-workspace and an update make a database and a worker; the next file is in the new workspace, on its page, and no other worker restarts", async () => {
    const name = "pixels";
    const words = ["--role", "cms-pixels", "--dataset", "/ZeroBias/*Run202*/DQMIO", "--prefix", "PixelPhase1/Tracks/"];
    const said = await orrery(run, stack, ["dials", "add-workspace", name, ...words, "--bulk-only"]);
    assert.match(said, /^added workspace pixels: database pixels, new workers pixels-bulk$/m);
    const before = await uidsByApp();
    await upDemo(run, { ...stack, system: "DIALS" });
    assert.ok((await databases(run)).includes(name));
    const after_ = await uidsByApp();
    for (const app of ["tracker-bulk", "tracker-priority", "redis-etl-broker", "redis-web-cache", "frontend"]) {
      assert.equal(after_.get(app), before.get(app), app);
    }
    const { name: file } = await ingest(run, dials, "Run2024C", 1004);
    const row = await until("the row of the new workspace", 120, async () => {
      const found = await fileRow(run, name, file);
      return found?.status === "FINISHED" ? found : undefined;
    });
    assert.match(row.worker, /^pixels-bulk@/);
    assert.equal(row.rows, 1);
    const page = await ask(cluster, pageOf(dials).replace(workspace, name));
    assert.match(page.body, /run 1004/);
  });
});
