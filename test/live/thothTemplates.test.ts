/** The station's Templates, read and filled in by the real thoth-common 0.9.8; the Jobs that come of it have what their programs read. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { violations } from "../../contracts/check/violations.ts";
import { loadContracts } from "../../contracts/check/load.ts";
import { World } from "../../contracts/check/workloads.ts";
import { sample } from "../../config/samples.ts";
import { type Json, asList, asObject, asText } from "../../policy/manifest.ts";
import type { Registration } from "../../review/evaluate/record.ts";
import { runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { pythonEnvironment } from "../../lab/harness/python.ts";
import { type OpenshiftApi, startOpenshiftApi } from "./thoth/openshiftApi.ts";

/** With what its lock files of September 2019 name, and companions that a Python of today takes. */
const python = pythonEnvironment("thoth-common", [
  ...["thoth-common==0.9.8", "openshift==0.8.0", "kubernetes==8.0.2"],
  ...["urllib3==1.26.20", "requests==2.31.0", "sentry-sdk==1.45.1"],
]);

interface Outcome {
  readonly made?: unknown;
  readonly error?: string;
}

interface Said {
  readonly solvers: Outcome;
  readonly imagestream: Outcome;
  readonly refresh: Outcome;
  readonly buildKind: string;
  readonly workloads: Readonly<Record<string, Outcome & { readonly namespace: string }>>;
}

for (const stack of ["stage", "test"] as const) {
  describe(`thoth-common on the Templates of ${stack}`, function () {
    this.timeout(300_000);
    const folder = mkdtempSync(path.join(tmpdir(), "thoth-common-"));
    let resources: readonly Registration[];
    let api: OpenshiftApi;
    let said: Said;

    /** Variables of the Deployments whose name begins so. */
    function variablesOf(prefix: string): readonly Readonly<Record<string, string>>[] {
      const pods = new World(resources).pods(() => undefined);
      return pods
        .filter(({ title }) => title.startsWith("Deployment ") && title.split("/")[1]?.startsWith(prefix) === true)
        .map(({ containers: [container] }) =>
          Object.fromEntries([...(container?.variables ?? [])].map(([name, given]) => [name, given.text ?? ""])),
        );
    }

    /** What the callers say, with the variables of two of them, and each operator with its own. */
    async function call(port: number): Promise<Said> {
      const variables = Object.assign({}, ...variablesOf("amun-api"), ...variablesOf("management-api")) as object;
      writeFileSync(path.join(folder, "operators.json"), JSON.stringify(variablesOf("workload-operator-")));
      const cluster = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
      // Nothing is reported to anybody.
      const own = { PATH: process.env.PATH ?? "", HOME: folder, SENTRY_DSN: "" };
      const env: Record<string, string> = { ...variables, ...cluster, ...own };
      const script = path.join(import.meta.dirname, "thoth/callers.py");
      const run = promisify(execFile)(path.join(python.bin, "python"), [script, folder], { env });
      return JSON.parse((await run).stdout) as Said;
    }

    before(async () => {
      await python.install();
      writeFileSync(path.join(folder, "token"), "token");
      // Not the API's own: nothing is checked, as KUBERNETES_VERIFY_TLS is 0.
      writeFileSync(path.join(folder, "ca.crt"), sample("pem-certificate", "another"));
      ({ resources } = await runProgram({ stack, config: stackConfig(stack) }));
      api = await startOpenshiftApi(new World(resources).manifests);
      said = await call(api.port);
    });
    after(() => {
      (api as OpenshiftApi | undefined)?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("thoth-common finds its solvers, each by the name that the graph knows", () => {
      assert.deepEqual(said.solvers, { made: ["solver-fedora-28-py36", "solver-ubi-8-py36"] });
    });

    it("thoth-common creates a Job or build for every kind of work", () => {
      const failed = Object.entries(said.workloads).filter(([, { error }]) => error !== undefined);
      assert.deepEqual(failed, []);
      assert.deepEqual(said.imagestream, { made: "inspection-1" });
      const kinds = new Map<string, number>();
      for (const { kind } of api.made) kinds.set(asText(kind), (kinds.get(asText(kind)) ?? 0) + 1);
      // 21 kinds of work, of which two are solvers' with two Jobs each, and seven syncs.
      assert.deepEqual([kinds.get("Job"), kinds.get("BuildConfig"), kinds.get("ImageStream")], [28, 2, 1]);
    });

    it("thoth-common leaves no parameter unfilled", () => {
      for (const one of api.made.filter(({ kind }) => kind !== "ConfigMap")) {
        assert.doesNotMatch(JSON.stringify(one), /\$\{/, asText(asObject(one.metadata).name));
      }
    });

    it("thoth-common creates Jobs whose programs get the inputs that they read", () => {
      const template = resources.find(({ inputs }) => inputs.kind === "Template");
      const jobs = api.made
        .filter(({ kind }) => kind === "Job")
        .map((inputs): Registration => {
          const name = asText(asObject(inputs.metadata).name);
          assert.ok(template);
          const { provider, options } = template;
          return { urn: `urn:${name}`, type: "kubernetes:batch/v1:Job", name, parent: "", provider, inputs, options };
        });
      const titles = jobs.map(({ inputs }) => {
        const { namespace, name } = asObject(inputs.metadata);
        return `Job ${asText(namespace)}/${asText(name)} `;
      });
      const found = violations([...resources, ...jobs], loadContracts()).filter(
        ({ system, where }) => system === "thoth" && titles.some((title) => `${where} `.startsWith(title)),
      );
      assert.deepEqual(found, []);
    });

    it("thoth-common passes the requested values to solvers, builds and inspections", () => {
      const env = (prefix: string): Json => {
        const job = api.made.find(
          ({ kind, metadata }) => kind === "Job" && asText(asObject(metadata).name).startsWith(prefix),
        );
        const [container = {}] = asList(asObject(asObject(asObject(job?.spec).template).spec).containers);
        return Object.fromEntries(asList(container.env).map(({ name, value }) => [asText(name), value]));
      };
      assert.equal(env("solver-ubi-8-py36-").THOTH_SOLVER, "solver-ubi-8-py36");
      assert.equal(
        env("solver-fedora-28-py36-").THOTH_SOLVER_SUBGRAPH_CHECK_API,
        "http://result-api/api/v1/subgraph-check",
      );
      assert.equal(env("package-extract-").THOTH_REGISTRY_CREDENTIALS, "user:password");
      assert.equal(env("build-report-").THOTH_BUILD_LOG_DOC_ID, "build-log-1");
      assert.equal(env("adviser-").THOTH_REQUIREMENTS_FORMAT, "pipenv");
      assert.equal(env("graph-sync-package-extract-").THOTH_ONLY_ANALYSIS_DOCUMENTS, "1");
      const build = api.made.find(
        ({ kind, metadata }) => kind === "BuildConfig" && asObject(metadata).name === "inspection-2",
      );
      assert.deepEqual(asObject(build?.spec).nodeSelector, {
        ...{ CPU_FAMILY: "6", CPU_MODEL: "94", PHYSICAL_CPUS: "32", processor: "0" },
      });
    });

    it("thoth-common copies the graph-refresh CronJob where Kubernetes still has batch/v1beta1, and only there", async () => {
      assert.match(said.refresh.error ?? "", /ResourceNotFoundError/);
      const older = await startOpenshiftApi(new World(resources).manifests, true);
      try {
        assert.deepEqual((await call(older.port)).refresh, { made: "graph-refresh-abcde" });
      } finally {
        older.close();
      }
    });

    it("thoth-common finds no builds the way build-watcher asks for them, which is why build-watcher is off", () => {
      assert.equal(said.buildKind, "not found");
    });
  });
}
