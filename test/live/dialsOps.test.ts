/** DIALS' day-2 commands as one calls them, against the lab's Kubernetes, real Celery workers and a real registry. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import type { Report } from "../../ops/lib/status/row.ts";
import { put } from "../../config/stackEdit.ts";
import { root } from "../../lab/settings.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { CeleryWorld, eventually } from "./dials/celery.ts";
import { freePort } from "./port.ts";
import { openKeycloak } from "./dials/keycloak.ts";
import { playKubelet } from "./dials/kubelet.ts";
import { installPrograms } from "./dials/programs.ts";
import { openRegistry, type Registry } from "./dials/registry.ts";
import type { Target } from "../../lab/harness/engine.ts";
import { api, type KubeObject, unprivileged, useExec } from "../../lab/harness/kube.ts";
import { type OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";

const namespace = "cms-dials-test";
const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;

/** What kwok does for a pod that runs nothing. */
const kwok = (kind: "PortForward" | "Exec", name: string, spec: object): KubeObject & { spec: object } => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind,
  metadata: { name, namespace },
  spec,
});

describe("DIALS' commands on the lab", function () {
  this.timeout(600_000);
  useExec();
  let dials: SystemOnLab;
  let target: Target;
  let world: CeleryWorld;
  let dir: string;

  before(async () => {
    await installPrograms();
    dir = mkdtempSync(path.join(tmpdir(), "dials-ops-"));
    dials = await SystemOnLab.open("dials", "test");
    ({ target } = dials);
    await dials.assertDeploys();
    const login = await secret("dials-etl-secrets", "FLOWER_BASIC_AUTH");
    const { data } = await api.get<KubeObject & { data: Record<string, string> }>(
      `${core}/configmaps/dials-etl-config`,
    );
    world = await CeleryWorld.open(data["etl.config.json"] ?? "", { FLOWER_BASIC_AUTH: login });
    await flowerInItsPod();
  });
  after(async () => {
    await world.close();
    await dials.close(namespace);
    rmSync(dir, { recursive: true, force: true });
  });

  const ops = (words: readonly string[]): Promise<OpsOutcome> => dials.ops(words);

  /** Lets a port-forward to Flower's pod of the lab end at the real Flower. */
  async function flowerInItsPod(): Promise<void> {
    const [name = ""] = await podsOf("flower");
    const forwards = [{ ports: [5555], target: { address: "127.0.0.1", port: world.flowerPort } }];
    await api.apply(kwok("PortForward", name, { forwards }));
  }

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

    it("rollout replaces a busy worker's pod, loses no task and runs none twice", async () => {
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

    it("rollout stops at the deadline with an error; the same pod goes on and nothing is lost", async () => {
      const pods = await podsOf("tracker-bulk");
      await world.send("tracker-bulk", [200, 201], 6);
      await eventually("a task runs", 30, () => world.diary().has(200));
      const { code, stderr } = await ops(["rollout", "tracker-bulk", "--deadline", "1s", "--poll", "0.5"]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /orrery: tracker-bulk@\S+ still has .* nothing was rolled out and it takes tasks again: give it more time by --deadline/,
      );
      assert.deepEqual(await podsOf("tracker-bulk"), pods);
      await world.send("tracker-bulk", [202], 0);
      await onceEach([200, 201, 202]);
    });

    it("rollout runs a given command while the workers are idle, and restores them", async () => {
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

    it("rollout reports unknown names, and changes nothing", async () => {
      assert.match(
        (await ops(["rollout", "tracker-priority"])).stderr,
        /Flower sees no worker tracker-priority@.*nothing was changed/,
      );
      const unknown = await ops(["rollout", "csc-bulk"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /there is no deployment or group "csc-bulk"; there are common-indexer, /);
    });
  });

  describe("commands on running workloads", () => {
    const status = (...words: readonly string[]) =>
      dials.opsOf("status", ["--only", "workloads", "--limit", "1m", "--all", ...words]);

    it("status shows what runs, and whether the login works", async () => {
      const { code, stdout, stderr } = await status("--json", "--wait", "1m");
      assert.equal(code, 0, stdout + stderr);
      const { rows } = JSON.parse(stdout) as Report;
      assert.equal(rows.length, 10);
      assert.ok(rows.every(({ state }) => state === "ok"));
      const kubeconfig = path.join(dir, "kubeconfig");
      writeFileSync(kubeconfig, readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace(lab.password, "revoked"));
      const refused = await status("--kubeconfig", kubeconfig);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stdout,
        /did not say \(workloads\): refuses the login: its token has expired or was revoked/,
      );
      writeFileSync(
        kubeconfig,
        readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"),
      );
      assert.match((await status("--kubeconfig", kubeconfig)).stdout, /did not say \(workloads\): cannot be reached: /);
    });

    it("certificate and token show how long they are valid", async () => {
      const good = await ops(["certificate", "--json"]);
      assert.equal(good.code, 0, good.stderr);
      assert.equal((JSON.parse(good.stdout) as { until: string }).until.slice(0, 10), "2049-12-31");
      assert.equal((await ops(["certificate", "--warn", "20000"])).code, 1);
      assert.match((await ops(["certificate", "--file", "package.json"])).stderr, /that is not a PEM certificate/);

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
      writeFileSync(kubeconfig, readFileSync(process.env.KUBECONFIG ?? "", "utf8").replace(lab.password, status.token));
      const short = await ops(["token", "--kubeconfig", kubeconfig, "--json"]);
      assert.equal(short.code, 1, "less than an hour is left");
      const issued = JSON.parse(short.stdout) as { user: string; secondsLeft: number };
      assert.equal(issued.user, `system:serviceaccount:${namespace}:dials`);
      assert.ok(issued.secondsLeft > 1700 && issued.secondsLeft <= 1800);
      assert.equal((await ops(["token", "--kubeconfig", kubeconfig, "--at-least", "10m"])).code, 0);
    });

    it("restart replaces workloads that take no tasks, and refuses those that do", async () => {
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
        /tracker-bulk, tracker-priority may have running tasks; use: npx orrery dials rollout/,
      );
    });

    it("pause stops the ETL and resume starts it again, through a setting", async () => {
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
      const listed = await status("--wait", "1m");
      assert.equal(listed.code, 0, listed.stdout);
      assert.match(listed.stdout, /\/tracker-bulk: has no pods, as declared/);
      await dials.assertNoChanges();
      const resumed = await ops(["resume", "--yes"]);
      assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
      assert.equal(await replicas("tracker-bulk"), 1);
    });

    it("forward reaches Flower", async () => {
      await flowerInItsPod(); // the pod is a new one since the pause
      const port = await freePort();
      const args = [
        "cli/orrery.ts",
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
      assert.match(stderr, /"database" is not one of flower, broker, cache/);
    });

    it("etl runs the ETL's own command line in the indexer's pod", async () => {
      writeFileSync(path.join(dir, "cli.py"), "import sys; print('cli', *sys.argv[1:]); sys.exit(4)\n");
      chmodSync(dir, 0o755); // for the user of the exec
      const [pod = ""] = await podsOf("common-indexer");
      await api.apply(kwok("Exec", pod, { execs: [{ local: { ...unprivileged, workDir: dir } }] }));
      await eventually("the pod's exec", 90, async () => {
        const { code, stdout, stderr } = await ops(["etl", "--", "indexing", "-s"]);
        assert.equal(stdout, "cli indexing -s\n", stderr);
        assert.notEqual(code, 0);
        return true;
      });
      assert.equal(
        (await ops(["etl", "--dry-run", "--", "ingesting", "-w", "tracker"])).stdout,
        "would run in common-indexer: python3 cli.py ingesting -w tracker\n",
      );
    });

    it("rotate generates new passwords, which reach every place that has one", async () => {
      const old = await secret("redis-etl-broker", "database-password");
      const asked = await ops(["rotate"]);
      assert.equal(asked.code, 0, asked.stderr);
      assert.match(asked.stdout, /set dials:settings.passwordRound to 2; next: npx pulumi up/);
      const { code, text } = await dials.up();
      assert.equal(code, 0, text);
      const fresh = await secret("redis-etl-broker", "database-password");
      assert.notEqual(fresh, old);
      for (const [index, key] of ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_REDBEAT_URL"].entries()) {
        assert.equal(await secret("dials-etl-secrets", key), `redis://:${fresh}@redis-etl-broker:6379/${index}`);
      }
      assert.equal(await secret("redis-etl-broker", "auth.conf"), `requirepass ${fresh}\n`);
    });
  });

  describe("images", () => {
    let registry: Registry;
    before(async () => {
      registry = await openRegistry();
    });
    after(() => registry.close());

    it("pin takes the registry's digest, which is rolled out; history keeps what ran before", async () => {
      const first = await registry.push("cms-dqmdc/dials-frontend", "1.12.0-test", "1.12.0");
      const repository = `${registry.address}/cms-dqmdc/dials-frontend`;
      const settings = ["config", "dials:settings"];
      writeFileSync(
        target.file,
        put(readFileSync(target.file, "utf8"), [...settings, "images", "frontend"], `${repository}:1.11.0`),
      );
      const before_ = readFileSync(target.file, "utf8");
      // This stack's frontend is a build of its own; latest would be production's.
      const unnamed = await ops(["images", "pin"]);
      assert.equal(unnamed.code, 2);
      assert.match(
        unnamed.stderr,
        /frontend: latest is the production build, and \S+ has its own; name its tag, e.g. frontend=1\.12\.0-/,
      );
      assert.match((await ops(["images", "pin", "frontend=1.12.0-test", "--dry-run"])).stdout, /nothing was changed/);
      assert.equal(readFileSync(target.file, "utf8"), before_);
      const pinned = await ops(["images", "pin", "frontend=1.12.0-test"]);
      assert.equal(pinned.code, 0, pinned.stderr);
      assert.ok(readFileSync(target.file, "utf8").includes(`${repository}@${first}`));
      assert.equal((await dials.up()).code, 0);
      assert.match((await ops(["images", "pin", "frontend=1.12.0-test"])).stdout, /1.12.0-test is what is configured/);

      const second = await registry.push("cms-dqmdc/dials-frontend", "1.12.1", "1.12.1");
      assert.equal((await ops(["images", "pin", "frontend=1.12.1"])).code, 0);
      assert.equal((await dials.up()).code, 0);
      const { stdout } = await ops(["images", "history", "--json"]);
      const past = (JSON.parse(stdout) as { name: string; image: string; note: string }[]).filter(
        ({ name }) => name === "Deployment frontend",
      );
      assert.equal(past[0]?.image, `${repository}@${second}`);
      assert.match(past[0].note, /runs/);
      assert.ok(past.some(({ image, note }) => image === `${repository}@${first}` && !note.includes("runs")));
    });

    it("pin reports an image that the registry does not have", async () => {
      const missing = await ops(["images", "pin", "frontend=9.9.9"]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /^orrery: the registry has no 127.0.0.1:\d+\/cms-dqmdc\/dials-frontend:9.9.9/);
    });
  });

  describe("sso", () => {
    const client = "cms-dials-dev-api-client-test";
    // As the backend asks for it (cms-DQM/dials@v1.12.0 backend/utils/rest_framework_cern_sso/backends.py:28-36).
    const audience = client;

    /** Runs the checks against a server that knows the public application, and this secret of the API client. */
    async function sso(clientSecret: string, ...words: readonly string[]): Promise<OpsOutcome> {
      const redirects = { "cms-dials-dev-public-app": ["https://cmsdials.apps.lab.test/"] };
      const keycloak = await openKeycloak("cern", { redirects, secrets: { [client]: clientSecret }, audience });
      try {
        return await dials.with([[["dials:settings", "sso", "server"], keycloak.url]], () => ops(["sso", ...words]));
      } finally {
        await keycloak.close();
      }
    }

    it("sso check reports an application that is not registered, and a redirect that is too narrow", async () => {
      const { code, stdout } = await sso("unknown", "--online");
      assert.equal(code, 1);
      assert.match(stdout, /^ok +login to cms-dials-dev-public-app: returns to https:\/\/cmsdials.apps.lab.test\/$/m);
      assert.match(
        stdout,
        /^wrong +login to cms-dials-dev-public-app: https:\/\/cmsdials.apps.lab.test\/\?ws=tracker: Invalid parameter: redirect_uri$/m,
      );
      assert.match(stdout, /^wrong +login to cms-dials-dev-confidential-app: .*Client not found$/m);
    });

    it("sso requests a token with each API client's secret in the cluster", async () => {
      const clients = JSON.parse(await secret("dials-backend-secrets", "DJANGO_KEYCLOAK_API_CLIENTS")) as object;
      const own = Object.entries(clients).find(([, id]) => id === client)?.[0] ?? "";
      const tokens = async (known: string): Promise<unknown[]> => {
        const { code, stdout } = await sso(known, "--clients", "--json");
        const checks = JSON.parse(stdout) as { what: string; state: string }[];
        return [code, ...checks.filter(({ what }) => what.startsWith("token of")).map(({ state }) => state)];
      };
      assert.deepEqual(await tokens(own), [0, "ok"]);
      assert.deepEqual(await tokens("renewed in the portal"), [1, "wrong"]);
    });

    it("sso reports that the server does not answer", async () => {
      const refused = await ops(["sso", "--online"]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stdout,
        /^wrong +SSO server: https:\/\/sso.apps.lab.test\/auth\/realms\/cern\/.*: .*(ENOTFOUND|EAI_AGAIN)/m,
      );
    });
  });
});
