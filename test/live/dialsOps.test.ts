/** DIALS' day-2 commands as an operator calls them, on real nodes: the stack's containers, real Celery workers, Flower in its pod. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { until } from "../../lab/demo/until.ts";
import type { OpsOutcome } from "../../lab/harness/system.ts";
import { root } from "../../lab/settings.ts";
import type { Report } from "../../ops/lib/status/row.ts";
import { api, cluster, core, DialsOnNodes, stack, workspace } from "./dials/onNodes.ts";
import { freePort } from "./port.ts";

describe("DIALS' commands on real nodes", function () {
  this.timeout(900_000);
  let nodes: DialsOnNodes;
  const dir = mkdtempSync(path.join(tmpdir(), "dials-ops-"));
  const ops = (words: readonly string[]): Promise<OpsOutcome> => nodes.ops(words);

  before(async () => {
    nodes = await DialsOnNodes.open();
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await nodes.close();
  });

  describe("etl", () => {
    it("etl runs the ETL's own command line in the indexer's pod: what it queues is done, and its exit code is the command's", async () => {
      const names = await nodes.newFiles(2, 0);
      await nodes.index();
      await nodes.onceEach(names);
      const again = await ops(["etl", "--", "ingesting", "-w", workspace, "-f", ...(await nodes.ids(names))]);
      assert.equal(again.code, 0, again.stderr);
      // Both are read a second time, which the histograms' key refuses.
      await until("the second reading", 120, async () => {
        const seen = [...(await nodes.rows(names)).values()];
        return seen.every(({ status }) => status === "PARSING_ERROR") ? true : undefined;
      });
      assert.equal((await ops(["etl", "--", "ingesting", "-w", workspace])).code, 2);
      const dry = await ops(["etl", "--dry-run", "--", "ingesting", "-w", "tracker"]);
      assert.equal(dry.stdout, "would run in common-indexer: python3 cli.py ingesting -w tracker\n");
    });
  });

  describe("rollout", () => {
    it("rollout replaces a busy worker's pod, loses no task and runs none twice", async () => {
      const [old] = await nodes.podsOf("tracker-bulk");
      const names = await nodes.newFiles(6, 3);
      await nodes.index();
      await nodes.begun(names);
      const dry = await ops(["rollout", "tracker-bulk", "--dry-run"]);
      assert.equal(dry.stdout, `would drain tracker-bulk@${old ?? ""}, then restart tracker-bulk\n`);
      const { code, stdout, stderr } = await ops(["rollout", "tracker-bulk", "--poll", "0.5", "--json"]);
      assert.equal(code, 0, stderr);
      assert.deepEqual((JSON.parse(stdout) as { workers: string[] }).workers, [`tracker-bulk@${old ?? ""}`]);
      await nodes.onceEach(names);
      const [fresh] = await until("the old pod's end", 120, async () => {
        const pods = await nodes.podsOf("tracker-bulk");
        return pods.length === 1 && pods[0] !== old ? pods : undefined;
      });
      const workers = [...(await nodes.rows(names)).values()].map(({ worker }) => worker);
      assert.deepEqual(
        [...new Set(workers)].sort(),
        [`tracker-bulk@${fresh ?? ""}`, `tracker-bulk@${old ?? ""}`].sort(),
      );
    });

    it("rollout stops at the deadline with an error; the same pod goes on and nothing is lost", async () => {
      const pods = await nodes.podsOf("tracker-bulk");
      const names = await nodes.newFiles(2, 15);
      await nodes.index();
      await nodes.begun(names);
      const { code, stderr } = await ops(["rollout", "tracker-bulk", "--deadline", "1s", "--poll", "0.5"]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /orrery: tracker-bulk@\S+ still has .* nothing was rolled out and it takes tasks again: give it more time by --deadline/,
      );
      await nodes.onceEach(names);
      assert.deepEqual(await nodes.podsOf("tracker-bulk"), pods);
    });

    it("rollout runs a given command while the workers are idle, and restores them", async () => {
      const pods = await nodes.podsOf("tracker-bulk");
      const command = ["sh", "-c", "echo working; exit 3"];
      const { code, stdout, stderr } = await ops(["rollout", "tracker-bulk", "--poll", "0.5", "--", ...command]);
      assert.equal(stdout, "working\n");
      assert.equal(code, 3, stderr);
      assert.match(stderr, new RegExp(`tracker-bulk@${pods[0] ?? ""}: takes tasks from tracker-bulk again`));
      const names = await nodes.newFiles(1, 0);
      await nodes.index();
      await nodes.onceEach(names);
    });

    it("rollout reports unknown names and workers that Flower does not see, and changes nothing", async () => {
      const unknown = await ops(["rollout", "csc-bulk"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /there is no deployment or group "csc-bulk"; there are common-indexer, /);
      const scaled = (count: number): Promise<string> =>
        nodes.kubectl(["scale", "deployment/tracker-priority", `--replicas=${count}`]);
      await scaled(0);
      try {
        await until("the worker's end", 60, async () =>
          (await nodes.podsOf("tracker-priority")).length === 0 ? true : undefined,
        );
        const absent = await ops(["rollout", "tracker-priority"]);
        assert.equal(absent.code, 1);
        assert.match(absent.stderr, /Flower sees no worker tracker-priority@.*nothing was changed/);
      } finally {
        await scaled(1);
      }
    });
  });

  describe("commands on running workloads", () => {
    const status = (...words: readonly string[]): Promise<OpsOutcome> =>
      nodes.dials.opsOf("status", ["--only", "workloads", "--limit", "1m", "--all", ...words]);
    const kubeconfigWith = (from: string | RegExp, to: string): string => {
      const file = path.join(dir, "kubeconfig");
      writeFileSync(file, readFileSync(nodes.env.KUBECONFIG ?? "", "utf8").replace(from, to));
      return file;
    };

    it("status shows what runs, and whether the login works", async () => {
      const { code, stdout, stderr } = await status("--json", "--wait", "1m");
      assert.equal(code, 0, stdout + stderr);
      const { rows } = JSON.parse(stdout) as Report;
      assert.equal(rows.length, 10);
      assert.ok(rows.every(({ state }) => state === "ok"));
      const refused = await status("--kubeconfig", kubeconfigWith(cluster.password, "revoked"));
      assert.equal(refused.code, 1);
      const expired = /did not say \(workloads\): refuses the login: its token has expired or was revoked/;
      assert.match(refused.stdout, expired);
      const nowhere = await status("--kubeconfig", kubeconfigWith(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
      assert.match(nowhere.stdout, /did not say \(workloads\): cannot be reached: /);
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
        metadata: { name: "deployer", namespace: "cms-dials-test" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
        subjects: [{ kind: "ServiceAccount", name: "dials", namespace: "cms-dials-test" }],
      });
      const request = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 1800 },
      };
      const { status: issued } = await api.post<{ status: { token: string } }>(
        `${core}/serviceaccounts/dials/token`,
        request,
      );
      const kubeconfig = kubeconfigWith(cluster.password, issued.token);
      const short = await ops(["token", "--kubeconfig", kubeconfig, "--json"]);
      assert.equal(short.code, 1, "less than an hour is left");
      const said = JSON.parse(short.stdout) as { user: string; secondsLeft: number };
      assert.equal(said.user, `system:serviceaccount:cms-dials-test:dials`);
      assert.ok(said.secondsLeft > 1700 && said.secondsLeft <= 1800);
      assert.equal((await ops(["token", "--kubeconfig", kubeconfig, "--at-least", "10m"])).code, 0);
    });

    it("restart replaces workloads that take no tasks, and refuses those that do", async () => {
      const old = await nodes.podsOf("frontend");
      assert.equal((await ops(["restart", "frontend", "--dry-run"])).stdout, "would restart frontend\n");
      assert.deepEqual(await nodes.podsOf("frontend"), old);
      const { code, stdout, stderr } = await ops(["restart", "frontend"]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "restarted frontend\n");
      await until("the old pods' end", 60, async () =>
        (await nodes.podsOf("frontend")).every((pod) => !old.includes(pod)) ? true : undefined,
      );
      const refused = await ops(["restart", "tracker-etl"]);
      assert.equal(refused.code, 1);
      const instead = /tracker-bulk, tracker-priority may have running tasks; use: npx orrery dials rollout/;
      assert.match(refused.stderr, instead);
    });

    it("pause stops the ETL and resume starts it again, through a setting; what came meanwhile is done", async () => {
      const { file } = nodes.dials.target;
      const text = readFileSync(file, "utf8");
      const dry = await ops(["pause", "--dry-run"]);
      const said =
        /^would set dials:settings.etl.paused to true for 6 Deployments: common-indexer, common-redbeat, flower, /;
      assert.match(dry.stdout, said);
      assert.equal(readFileSync(file, "utf8"), text);
      const paused = await ops(["pause", "--yes"]);
      assert.equal(paused.code, 0, paused.stdout + paused.stderr);
      const all = ["tracker-bulk", "flower", "redis-etl-broker", "backend"];
      assert.deepEqual(await Promise.all(all.map((name) => nodes.replicas(name))), [0, 0, 1, 2]);
      const listed = await status("--wait", "1m");
      assert.equal(listed.code, 0, listed.stdout);
      assert.match(listed.stdout, /\/tracker-bulk: has no pods, as declared/);
      await nodes.dials.assertNoChanges();
      const names = await nodes.newFiles(1, 0);
      const resumed = await ops(["resume", "--yes"]);
      assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
      assert.equal(await nodes.replicas("tracker-bulk"), 1);
      await nodes.index();
      await nodes.onceEach(names);
    });

    it("forward reaches Flower", async () => {
      const port = await freePort();
      const { file } = nodes.dials.target;
      const words = [
        "dials",
        "forward",
        "flower",
        "--port",
        String(port),
        "--stack",
        stack.name,
        "--config-file",
        file,
      ];
      const options = { cwd: root, env: { ...process.env, ...nodes.env }, stdio: "ignore" } as const;
      const child = spawn(process.execPath, ["cli/orrery.ts", ...words], options);
      const asked = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/healthcheck`);
      try {
        await until("Flower's answer", 60, () =>
          asked().then(
            ({ ok }) => (ok ? true : undefined),
            () => undefined,
          ),
        );
      } finally {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGINT");
        await ended;
      }
      await assert.rejects(asked());
      const { code, stderr } = await ops(["forward", "database"]);
      assert.equal(code, 2);
      assert.match(stderr, /"database" is not one of flower, broker, cache/);
    });

    it("rotate generates new passwords, which reach every place that has one, and the ETL goes on with them", async () => {
      const old = await nodes.secret("redis-etl-broker", "database-password");
      const asked = await ops(["rotate"]);
      assert.equal(asked.code, 0, asked.stderr);
      assert.match(asked.stdout, /set dials:settings.passwordRound to 2; next: npx pulumi up/);
      const { code, text } = await nodes.dials.up();
      assert.equal(code, 0, text);
      const fresh = await nodes.secret("redis-etl-broker", "database-password");
      assert.notEqual(fresh, old);
      for (const [number, key] of ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_REDBEAT_URL"].entries()) {
        assert.equal(await nodes.secret("dials-etl-secrets", key), `redis://:${fresh}@redis-etl-broker:6379/${number}`);
      }
      assert.equal(await nodes.secret("redis-etl-broker", "auth.conf"), `requirepass ${fresh}\n`);
      const names = await nodes.newFiles(1, 0);
      await nodes.index();
      await nodes.onceEach(names);
      const [row] = (await nodes.rows(names)).values();
      assert.match(row?.worker ?? "", /^tracker-bulk@/);
    });
  });
});
