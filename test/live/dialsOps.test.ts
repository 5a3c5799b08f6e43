/** DIALS' day-2 commands as one calls them, against the lab's Kubernetes, real Celery workers and a real registry. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { put } from "../../config/stackEdit.ts";
import { root } from "../../lab/settings.ts";
import { bound, CeleryWorld, eventually, freePort } from "./dials/celery.ts";
import { playKubelet } from "./dials/kubelet.ts";
import { installPrograms } from "./dials/programs.ts";
import { pulumi, type Target } from "./engine.ts";
import { api, type KubeObject } from "./kube.ts";
import { type OpsOutcome, SystemOnLab } from "./system.ts";

const namespace = "cms-dials-test";
const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;

describe("DIALS' day-2 commands on the lab", function () {
  this.timeout(600_000);
  let dials: SystemOnLab;
  let target: Target;
  let world: CeleryWorld;
  let dir: string;

  before(async () => {
    await installPrograms();
    dir = mkdtempSync(path.join(tmpdir(), "dials-ops-"));
    dials = await SystemOnLab.open("dials", "test");
    ({ target } = dials);
    const made = await pulumi(["up", "--yes", "--skip-preview"], target);
    assert.equal(made.code, 0, made.text);
    const login = await secret("dials-etl-secrets", "FLOWER_BASIC_AUTH");
    const { data } = await api.get<KubeObject & { data: Record<string, string> }>(
      `${core}/configmaps/dials-etl-config`,
    );
    world = await CeleryWorld.open(data["etl.config.json"] ?? "", login);
    // Where the lab's port-forward to Flower's pod ends.
    const [pod] = await podsOf("flower");
    const target_ = { address: "127.0.0.1", port: world.flowerPort };
    const spec = { forwards: [{ ports: [5555], target: target_ }] };
    await api.apply({
      apiVersion: "kwok.x-k8s.io/v1alpha1",
      kind: "PortForward",
      metadata: { name: pod ?? "", namespace },
      spec,
    });
  });
  after(async () => {
    await world.close();
    await dials.close(namespace);
    rmSync(dir, { recursive: true, force: true });
  });

  const ops = (words: readonly string[], env?: NodeJS.ProcessEnv): Promise<OpsOutcome> => dials.ops(words, env);

  async function secret(name: string, key: string): Promise<string> {
    const { data } = await api.get<KubeObject & { data: Record<string, string> }>(`${core}/secrets/${name}`);
    return Buffer.from(data[key] ?? "", "base64").toString();
  }

  async function podsOf(app: string): Promise<readonly string[]> {
    const pods = await api.list(`${core}/pods?labelSelector=app%3D${app}`);
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  async function replicas(name: string): Promise<number> {
    return (await api.get<KubeObject & { spec: { replicas: number } }>(`${apps}/deployments/${name}`)).spec.replicas;
  }

  /** Every task was done once. */
  async function onceEach(numbers: readonly number[]): Promise<void> {
    await eventually("all tasks have ended", 60, () =>
      numbers.every((number) => world.diary().get(number)?.ended === 1),
    );
    for (const number of numbers) assert.deepEqual(world.diary().get(number), { begun: 1, ended: 1 }, `task ${number}`);
  }

  describe("rollout", () => {
    let stop: () => Promise<void>;
    before(async () => {
      stop = playKubelet(world, namespace, "tracker-bulk");
      const [pod = ""] = await podsOf("tracker-bulk");
      await eventually(
        "the first worker",
        60,
        async () => (await world.flower.state(`tracker-bulk@${pod}`))?.queues.length === 1,
      );
    });
    after(() => stop());

    it("replaces a busy worker's pod; no task is lost, none runs twice", async () => {
      const [old] = await podsOf("tracker-bulk");
      const tasks = Array.from({ length: 10 }, (_, index) => 100 + index);
      await world.send("tracker-bulk", tasks, 0.5);
      await eventually("a task runs", 20, () => world.diary().size > 0);
      const dry = await ops(["rollout", "tracker-bulk", "--dry-run"]);
      assert.equal(dry.stdout, `would drain tracker-bulk@${old ?? ""}, then restart tracker-bulk\n`);
      const { code, stdout, stderr } = await ops(["rollout", "tracker-bulk", "--poll", "0.5", "--json"]);
      assert.equal(code, 0, stderr);
      assert.deepEqual((JSON.parse(stdout) as { workers: string[] }).workers, [`tracker-bulk@${old ?? ""}`]);
      await onceEach(tasks);
      assert.notDeepEqual(await podsOf("tracker-bulk"), [old]);
    });

    it("gives up at the deadline: an error, the same pod goes on, nothing is lost", async () => {
      const pods = await podsOf("tracker-bulk");
      await world.send("tracker-bulk", [200, 201], 6);
      await eventually("a task runs", 30, () => world.diary().has(200));
      const { code, stderr } = await ops(["rollout", "tracker-bulk", "--deadline", "1s", "--poll", "0.5"]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /ops: tracker-bulk@\S+ still has .* nothing was rolled out and it takes tasks again: give it more time by --deadline/,
      );
      assert.deepEqual(await podsOf("tracker-bulk"), pods);
      await world.send("tracker-bulk", [202], 0);
      await onceEach([200, 201, 202]);
    });

    it("lets a command do the work while the workers are idle, and puts them back", async () => {
      const pods = await podsOf("tracker-bulk");
      const { code, stdout, stderr } = await ops([
        "rollout",
        "tracker-bulk",
        "--poll",
        "0.5",
        "--",
        "sh",
        "-c",
        "echo working; exit 3",
      ]);
      assert.equal(stdout, "working\n");
      assert.equal(code, 3, stderr);
      assert.match(stderr, new RegExp(`tracker-bulk@${pods[0] ?? ""}: takes tasks from tracker-bulk again`));
      await world.send("tracker-bulk", [300], 0);
      await onceEach([300]);
    });

    it("names what it does not find, and changes nothing", async () => {
      assert.match(
        (await ops(["rollout", "tracker-priority"])).stderr,
        /Flower sees no worker tracker-priority@.*nothing was changed/,
      );
      const unknown = await ops(["rollout", "csc-bulk"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /there is no deployment or group "csc-bulk"; there are common-indexer, /);
    });
  });

  describe("on what runs", () => {
    it("list tells what runs, and whether the login works", async () => {
      const { code, stdout, stderr } = await ops(["list", "--json"]);
      assert.equal(code, 0, stdout + stderr);
      const rows = JSON.parse(stdout) as { name: string; wanted: number; ready: number; note: string }[];
      assert.equal(rows.length, 10);
      assert.ok(rows.every(({ note }) => note === "ok"));
      const kubeconfig = path.join(dir, "kubeconfig");
      writeFileSync(kubeconfig, readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace("orrery-lab", "revoked"));
      const refused = await ops(["list", "--kubeconfig", kubeconfig]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^ops: the cluster refuses the login: its token has expired or was revoked/);
      writeFileSync(
        kubeconfig,
        readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"),
      );
      assert.match((await ops(["list", "--kubeconfig", kubeconfig])).stderr, /^ops: the cluster cannot be reached: /);
    });

    it("certificate and token say how long they are good", async () => {
      const good = await ops(["certificate", "--json"]);
      assert.equal(good.code, 0, good.stderr);
      assert.equal((JSON.parse(good.stdout) as { until: string }).until.slice(0, 10), "2049-12-31");
      assert.equal((await ops(["certificate", "--warn", "20000"])).code, 1);
      assert.match((await ops(["certificate", "--file", "package.json"])).stderr, /that is no PEM certificate/);

      const admin = await ops(["token"]);
      assert.equal(admin.code, 0, admin.stderr);
      assert.match(admin.stdout, /^admin: no end is known/);
      await api.apply({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "deployer", namespace },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
        subjects: [{ kind: "ServiceAccount", name: "dials", namespace }],
      });
      const request = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 1800 },
      };
      const { status } = await api.post<{ status: { token: string } }>(`${core}/serviceaccounts/dials/token`, request);
      const kubeconfig = path.join(dir, "deployer");
      writeFileSync(kubeconfig, readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace("orrery-lab", status.token));
      const short = await ops(["token", "--kubeconfig", kubeconfig, "--json"]);
      assert.equal(short.code, 1, "less than an hour is left");
      const told = JSON.parse(short.stdout) as { user: string; secondsLeft: number };
      assert.equal(told.user, `system:serviceaccount:${namespace}:dials`);
      assert.ok(told.secondsLeft > 1700 && told.secondsLeft <= 1800);
      assert.equal((await ops(["token", "--kubeconfig", kubeconfig, "--at-least", "10m"])).code, 0);
    });

    it("restart replaces what takes no tasks, and refuses what does", async () => {
      const old = await podsOf("frontend");
      assert.equal((await ops(["restart", "frontend", "--dry-run"])).stdout, "would restart frontend\n");
      assert.deepEqual(await podsOf("frontend"), old);
      const { code, stdout, stderr } = await ops(["restart", "frontend"]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "restarted frontend\n");
      await eventually("the old pods' end", 30, async () =>
        (await podsOf("frontend")).every((pod) => !old.includes(pod)),
      );
      const refused = await ops(["restart", "tracker-etl"]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /tracker-bulk, tracker-priority may have tasks at hand; use: npm run ops -- dials rollout/,
      );
    });

    it("pause takes the ETL down and resume brings it back, as a setting", async () => {
      const text = readFileSync(target.file, "utf8");
      const dry = await ops(["pause", "--dry-run"]);
      assert.match(
        dry.stdout,
        /^would set dials:settings.etl.paused to true for 6 Deployments: common-indexer, common-redbeat, flower, /,
      );
      assert.equal(readFileSync(target.file, "utf8"), text);
      const paused = await ops(["pause", "--yes"]);
      assert.equal(paused.code, 0, paused.stdout + paused.stderr);
      assert.deepEqual(
        await Promise.all(["tracker-bulk", "flower", "redis-etl-broker", "backend"].map(replicas)),
        [0, 0, 1, 2],
      );
      const listed = await ops(["list"]);
      assert.equal(listed.code, 0);
      assert.match(listed.stdout, /tracker-bulk +0\/0 +paused/);
      const again = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"], target);
      assert.equal(again.code, 0, again.text);
      const resumed = await ops(["resume", "--yes"]);
      assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
      assert.equal(await replicas("tracker-bulk"), 1);
    });

    it("forward reaches Flower", async () => {
      const [pod] = await podsOf("flower");
      const spec = { forwards: [{ ports: [5555], target: { address: "127.0.0.1", port: world.flowerPort } }] };
      await api.apply({
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "PortForward",
        metadata: { name: pod ?? "", namespace },
        spec,
      });
      const port = await freePort();
      const args = [
        "ops/cli.ts",
        "dials",
        "forward",
        "flower",
        "--port",
        `${port}`,
        "--stack",
        target.stack,
        "--config-file",
        target.file,
      ];
      const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore" });
      try {
        await eventually("Flower answers", 30, () =>
          fetch(`http://127.0.0.1:${port}/healthcheck`).then(({ ok }) => ok),
        );
      } finally {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGINT");
        await ended;
      }
      await assert.rejects(fetch(`http://127.0.0.1:${port}/healthcheck`));
      const { code, stderr } = await ops(["forward", "database"]);
      assert.equal(code, 2);
      assert.match(stderr, /forward what\? one of flower, broker, cache/);
    });

    it("etl runs the ETL's own command line in the indexer's pod", async () => {
      writeFileSync(path.join(dir, "cli.py"), "import sys; print('cli', *sys.argv[1:]); sys.exit(4)\n");
      const [pod] = await podsOf("common-indexer");
      const execs = [{ local: { workDir: dir } }];
      await api.apply({
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "Exec",
        metadata: { name: pod ?? "", namespace },
        spec: { execs },
      });
      let last: OpsOutcome | undefined;
      await eventually(
        "the pod's exec",
        20,
        async () => (last = await ops(["etl", "--", "indexing", "-s"])).stdout !== "",
      );
      assert.equal(last?.stdout, "cli indexing -s\n");
      assert.notEqual(last.code, 0);
      assert.equal(
        (await ops(["etl", "--dry-run", "--", "ingesting", "-w", "tracker"])).stdout,
        "would run in common-indexer: python3 cli.py ingesting -w tracker\n",
      );
    });

    it("rotate draws new passwords, which reach every place that has one", async () => {
      const old = await secret("redis-etl-broker", "database-password");
      const asked = await ops(["rotate"]);
      assert.equal(asked.code, 0, asked.stderr);
      assert.match(asked.stdout, /set dials:settings.passwordRound to 2; next: npx pulumi up/);
      const up = await pulumi(["up", "--yes", "--skip-preview"], target);
      assert.equal(up.code, 0, up.text);
      const fresh = await secret("redis-etl-broker", "database-password");
      assert.notEqual(fresh, old);
      for (const [index, key] of ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_REDBEAT_URL"].entries()) {
        assert.equal(await secret("dials-etl-secrets", key), `redis://:${fresh}@redis-etl-broker:6379/${index}`);
      }
      assert.equal(await secret("redis-etl-broker", "auth.conf"), `requirepass ${fresh}\n`);
    });
  });

  describe("images", () => {
    let registry: ChildProcess;
    let address: string;
    before(async () => {
      address = `127.0.0.1:${await freePort()}`;
      const config = path.join(dir, "registry.yaml");
      writeFileSync(
        config,
        JSON.stringify({
          version: 0.1,
          storage: { filesystem: { rootdirectory: path.join(dir, "registry") } },
          http: { addr: address },
        }),
      );
      registry = spawn("setpriv", [...bound, "docker-registry", "serve", config], { stdio: "ignore" });
      await eventually("the registry answers", 30, () => fetch(`http://${address}/v2/`).then(({ ok }) => ok));
    });
    after(() => registry.kill());

    /** Pushes an image of nothing. @returns its digest */
    async function push(repository: string, tag: string, content: string): Promise<string> {
      const config = JSON.stringify({ content });
      const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
      const begun = await fetch(`http://${address}/v2/${repository}/blobs/uploads/`, { method: "POST" });
      const upload = new URL(begun.headers.get("location") ?? "", `http://${address}`);
      upload.searchParams.set("digest", digest);
      await fetch(upload, { method: "PUT", body: config, headers: { "content-type": "application/octet-stream" } });
      const type = "application/vnd.docker.distribution.manifest.v2+json";
      const blob = { mediaType: "application/vnd.docker.container.image.v1+json", size: config.length, digest };
      const manifest = JSON.stringify({ schemaVersion: 2, mediaType: type, config: blob, layers: [] });
      const put_ = await fetch(`http://${address}/v2/${repository}/manifests/${tag}`, {
        method: "PUT",
        body: manifest,
        headers: { "content-type": type },
      });
      assert.equal(put_.status, 201, await put_.text());
      return put_.headers.get("docker-content-digest") ?? "";
    }

    it("pin takes the registry's digest, which rolls out; history keeps what ran before", async () => {
      const first = await push("cms-dqmdc/dials-frontend", "latest", "1.12.0");
      const repository = `${address}/cms-dqmdc/dials-frontend`;
      const settings = ["config", "dials:settings"];
      writeFileSync(
        target.file,
        put(readFileSync(target.file, "utf8"), [...settings, "images", "frontend"], `${repository}:1.11.0`),
      );
      const before_ = readFileSync(target.file, "utf8");
      assert.match((await ops(["images", "pin", "frontend", "--dry-run"])).stdout, /nothing was changed/);
      assert.equal(readFileSync(target.file, "utf8"), before_);
      const pinned = await ops(["images", "pin", "frontend"]);
      assert.equal(pinned.code, 0, pinned.stderr);
      assert.ok(readFileSync(target.file, "utf8").includes(`${repository}@${first}`));
      assert.equal((await pulumi(["up", "--yes", "--skip-preview"], target)).code, 0);
      assert.match((await ops(["images", "pin", "frontend"])).stdout, /latest is what is configured/);

      const second = await push("cms-dqmdc/dials-frontend", "1.12.1", "1.12.1");
      assert.equal((await ops(["images", "pin", "frontend=1.12.1"])).code, 0);
      assert.equal((await pulumi(["up", "--yes", "--skip-preview"], target)).code, 0);
      const { stdout } = await ops(["images", "history", "--json"]);
      const past = (JSON.parse(stdout) as { name: string; image: string; note: string }[]).filter(
        ({ name }) => name === "Deployment frontend",
      );
      assert.equal(past[0]?.image, `${repository}@${second}`);
      assert.match(past[0].note, /runs/);
      assert.ok(past.some(({ image, note }) => image === `${repository}@${first}` && !note.includes("runs")));
    });

    it("pin says what the registry does not have", async () => {
      const missing = await ops(["images", "pin", "frontend=9.9.9"]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /^ops: the registry has no 127.0.0.1:\d+\/cms-dqmdc\/dials-frontend:9.9.9/);
    });
  });

  describe("sso", () => {
    let keycloak: Server;
    let known: readonly string[];
    before(async () => {
      // As much of Keycloak as the checks ask for.
      keycloak = createServer((request, response) => {
        const url = new URL(request.url ?? "", "http://sso");
        const [client, redirect] = [
          url.searchParams.get("client_id") ?? "",
          url.searchParams.get("redirect_uri") ?? "",
        ];
        const at = `http://${request.headers.host ?? ""}/auth/realms/cern`;
        if (url.pathname.endsWith("openid-configuration"))
          return response.end(JSON.stringify({ authorization_endpoint: `${at}/auth` }));
        if (url.pathname.endsWith("api-access/token")) {
          let body = "";
          request.on("data", (chunk: Buffer) => (body += chunk.toString()));
          request.on("end", () => {
            const form = new URLSearchParams(body);
            response.statusCode =
              form.get("client_secret")?.startsWith("sample-") === true &&
              form.get("audience") === "cms-dials-dev-confidential-app"
                ? 200
                : 401;
            response.end("{}");
          });
          return;
        }
        const refusal = known.includes(client)
          ? redirect.includes("?ws=")
            ? "Invalid parameter: redirect_uri"
            : undefined
          : "Client not found.";
        response.statusCode = refusal === undefined ? 200 : 400;
        response.end(refusal ?? "login");
      });
      const port = await freePort();
      await new Promise<void>((resolve) => keycloak.listen(port, "127.0.0.1", resolve));
      writeFileSync(
        target.file,
        put(
          readFileSync(target.file, "utf8"),
          ["config", "dials:settings", "sso", "server"],
          `http://127.0.0.1:${port}/auth/`,
        ),
      );
    });
    after(() => keycloak.close());
    afterEach(() => {
      known = [];
    });

    it("finds an application that is not registered, and a redirect that is too narrow", async () => {
      known = ["cms-dials-dev-public-app"];
      const { code, stdout } = await ops(["sso", "--online"]);
      assert.equal(code, 1);
      assert.match(stdout, /^ok +login to cms-dials-dev-public-app: returns to https:\/\/cmsdials.apps.lab.test\/$/m);
      assert.match(
        stdout,
        /^wrong +login to cms-dials-dev-public-app: https:\/\/cmsdials.apps.lab.test\/\?ws=tracker: Invalid parameter: redirect_uri$/m,
      );
      assert.match(stdout, /^wrong +login to cms-dials-dev-confidential-app: .*Client not found$/m);
    });

    it("asks for a token with each API client's secret of the cluster", async () => {
      const { code, stdout, stderr } = await ops(["sso", "--clients", "--json"]);
      assert.equal(code, 0, stderr);
      const tokens = (JSON.parse(stdout) as { what: string; state: string }[]).filter(({ what }) =>
        what.startsWith("token of"),
      );
      assert.deepEqual(
        tokens.map(({ what, state }) => [what, state]),
        [["token of cms-dials-dev-api-client-test", "ok"]],
      );
    });
  });
});
