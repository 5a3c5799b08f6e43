/** A stack's DIALS on the lab: from nothing, twice, and to nothing again. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";
import { eventually, lab } from "../../../lab/harness/cloud.ts";
import { pulumi } from "../../../lab/harness/engine.ts";
import { missingFrom } from "../../../lab/harness/deployed.ts";
import { type Change, SystemOnLab } from "../../../lab/harness/system.ts";

const expected = {
  stage: {
    namespace: "cms-dials-stage",
    deployments: 12,
    pods: 14,
    host: "cmsdials-stage-api.web.cern.ch",
    streams: 0,
  },
  prod: { namespace: "cms-dials-prod", deployments: 20, pods: 26, host: "cmsdials-api.web.cern.ch", streams: 4 },
} as const;

interface Stream extends KubeObject {
  readonly status: { readonly tags: readonly { readonly items: readonly { readonly image: string }[] }[] };
}

/** The tests of one stack. */
export function testLifeCycle(name: keyof typeof expected): void {
  const { namespace, deployments, pods, host, streams } = expected[name];
  describe(`DIALS ${name} on the lab`, function () {
    this.timeout(600_000);
    let dials: SystemOnLab;
    const core = `/api/v1/namespaces/${namespace}`;
    const claims = async (): Promise<Record<string, string | undefined>> => {
      const found = await api.list(`${core}/persistentvolumeclaims`);
      return Object.fromEntries(found.map(({ metadata }) => [metadata.name, metadata.uid]));
    };

    before(async () => {
      dials = await SystemOnLab.open("dials", name);
    });
    after(() => dials.close(namespace));

    if (name === "stage") {
      it("up does not overwrite another tool's objects, and takes them over on request", async () => {
        const app = { app: "frontend" };
        const container = { name: "frontend", image: "registry.example.org/frontend:of-old" };
        await api.apply({
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "frontend", namespace },
          spec: {
            replicas: 3,
            selector: { matchLabels: app },
            template: { metadata: { labels: app }, spec: { containers: [container] } },
          },
        });
        const frontend = async (): Promise<string | undefined> =>
          (await api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/frontend`)).metadata.uid;
        const old = await frontend();
        const refused = await dials.up();
        assert.notEqual(refused.code, 0);
        assert.match(refused.text, /dials-web-frontend-deployment.*field conflict.*spec.replicas/s);
        const env = { ...dials.target.env, PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };
        const taken = await pulumi(["up", "--yes", "--skip-preview"], { ...dials.target, env });
        assert.equal(taken.code, 0, taken.text);
        assert.equal(await frontend(), old, "the same Deployment, with its pods replaced one by one");
      });
    }

    it("DIALS comes up with every resource as declared", () => dials.assertDeploys());

    it("every pod of DIALS is ready, both hosts are admitted and both claims bound", async () => {
      interface Workload extends KubeObject {
        readonly spec: { readonly replicas: number };
        readonly status: { readonly readyReplicas?: number };
      }
      const found = await api.list<Workload>(`/apis/apps/v1/namespaces/${namespace}/deployments`);
      assert.equal(found.length, deployments);
      assert.equal(
        found.reduce((sum, { status }) => sum + (status.readyReplicas ?? 0), 0),
        pods,
      );
      interface Route extends KubeObject {
        readonly spec: { readonly host: string };
        readonly status: {
          readonly ingress: readonly { readonly conditions: readonly { readonly status: string }[] }[];
        };
      }
      const routes = await api.list<Route>(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes`);
      assert.equal(routes.length, 2);
      assert.ok(routes.some(({ spec }) => spec.host === host));
      assert.ok(routes.every(({ status }) => status.ingress[0]?.conditions[0]?.status === "True"));
      interface Claim extends KubeObject {
        readonly spec: { readonly storageClassName: string };
        readonly status: { readonly phase: string };
      }
      const bound = await api.list<Claim>(`${core}/persistentvolumeclaims`);
      assert.deepEqual(
        bound.map(({ metadata, spec, status }) => [metadata.name, spec.storageClassName, status.phase]).sort(),
        [
          ["eos-storage", "eos", "Bound"],
          ["redis-etl-broker", "cephfs", "Bound"],
        ],
      );
      const imported = await api.list<Stream>(`/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams`);
      assert.equal(imported.length, streams);
      for (const { metadata, status } of imported)
        assert.match(status.tags[0]?.items[0]?.image ?? "", /^sha256:[0-9a-f]{64}$/, metadata.name);
    });

    it("clients have the passwords that the servers require", async () => {
      const read = async (secret: string, key: string): Promise<string> => {
        const { data } = await api.get<{ data: Record<string, string> }>(`${core}/secrets/${secret}`);
        return Buffer.from(data[key] ?? "", "base64").toString();
      };
      const broker = await read("redis-etl-broker", "database-password");
      assert.equal(broker.length, 40);
      assert.equal(await read("dials-etl-secrets", "CELERY_BROKER_URL"), `redis://:${broker}@redis-etl-broker:6379/0`);
      const cache = await read("redis-web-cache", "database-password");
      assert.equal(await read("dials-backend-secrets", "DJANGO_REDIS_URL"), `redis://:${cache}@redis-web-cache:6379/0`);
    });

    it("a second up of DIALS changes nothing", () => dials.assertNoChanges());

    it("refresh detects deleted objects, and up creates them again", async () => {
      const flower = `/apis/apps/v1/namespaces/${namespace}/deployments/flower`;
      const gone = (found: KubeObject | undefined): boolean => found === undefined;
      await Promise.all([flower, `${core}/configmaps/backend-nginx-conf`].map((at) => api.delete(at)));
      await eventually("the Deployment's end", () => api.find(flower), gone, 30);
      const seen = await pulumi(["refresh", "--preview-only", "--expect-no-changes"], dials.target);
      assert.notEqual(seen.code, 0, seen.text);
      const drifted = drift();
      assert.equal(drifted.status, 3, drifted.stdout + drifted.stderr);
      assert.match(drifted.stdout, /An `up` would change 2 resources:\n\n(- create `[^`]+`\n){2}/);
      for (const what of ["flower", "backend-nginx-conf"]) assert.match(drifted.stdout, new RegExp(`create .*${what}`));
      const repaired = await dials.up("--refresh");
      assert.equal(repaired.code, 0, repaired.text);
      assert.deepEqual(await missingFrom(lab, await dials.resources()), []);
      assert.deepEqual([drift().stdout, drift().status], ["no drift\n", 0]);
    });

    /** What the nightly job says of the stack (docs/review.md). */
    function drift() {
      const { stack, file, env } = dials.target;
      const words = ["ci/drift.ts", stack, "--dry-run", "--config-file", file];
      return spawnSync(process.execPath, words, { cwd: projectDir, env: { ...process.env, ...env }, encoding: "utf8" });
    }

    if (name === "stage") {
      it("a workspace is added and removed without touching anything that does not belong to it", async () => {
        const entry = {
          name: "pixel",
          role: "pixel",
          datasets: [{ pattern: "/ZeroBias/*Run202*/DQMIO" }],
          prefixes: ["PixelPhase1/"],
        };
        const added = await dials.with([[["dials:settings", "workspaces", 3], entry]], () => dials.up());
        assert.equal(added.code, 0, added.text);
        const touched = (outcome: typeof added): string[] =>
          outcome.changed
            .filter(({ urn }) => /kubernetes:(apps|core|batch)/.test(urn.split("$").at(-1) ?? ""))
            .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`);
        const known = ["backend", "etl-indexer", "etl-redbeat"].map(
          (one) => `update dials-${one.replace("backend", "web-backend")}-deployment`,
        );
        const files = ["etl-environment-file", "etl-environment-variables", "web-backend-variables"].map(
          (one) => `update dials-${one}-files`,
        );
        const job = ["create-replacement", "delete-replaced", "replace"].map((op) => `${op} dials-etl-migrations-job`);
        const own = ["bulk", "priority"].map((one) => `dials-etl-pixel-${one}-deployment`);
        assert.deepEqual(
          touched(added).sort(),
          [...known, ...files, ...job, ...own.map((one) => `create ${one}`)].sort(),
        );
        const removed = await dials.up();
        assert.equal(removed.code, 0, removed.text);
        assert.deepEqual(
          touched(removed).sort(),
          [...known, ...files, ...job, ...own.map((one) => `delete ${one}`)].sort(),
        );
      });

      it("a missing claim that the settings expect is reported, and no pod is started to wait for it", async () => {
        const elsewhere: readonly Change[] = [
          [["dials:settings", "eos", "create"], false],
          [["dials:settings", "namespace"], { name: "cms-dials-elsewhere" }],
        ];
        const refused = await dials.with(elsewhere, () => pulumi(["preview"], dials.target));
        assert.notEqual(refused.code, 0);
        assert.match(refused.text, /cms-dials-elsewhere\/eos-storage/);
        assert.match(refused.text, /not found|does not exist/);
      });
    }

    it("destroy refuses to delete the claims", async () => {
      const before_ = await claims();
      await dials.assertDestroyRefused();
      assert.deepEqual(await claims(), before_);
    });

    it("what was destroyed is taken over by a later up: the claims outlive the program", async function () {
      if (name !== "prod") this.skip(); // others' claims may be deleted with it
      const before_ = await claims();
      const gone = await dials.destroy();
      assert.equal(gone.code, 0, gone.text);
      assert.deepEqual(await claims(), before_, "production's claims outlive the program");
      const back = await dials.up();
      assert.equal(back.code, 0, back.text);
      assert.deepEqual(await claims(), before_, "the same claims serve the new pods");
    });

    it("DIALS is destroyed cleanly", () =>
      dials.assertDestroyed(
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        `${core}/services`,
        `${core}/secrets`,
      ));
  });
}
