/**
 * Thoth's station: requests for advice on their way through the objects as declared. thoth-common, thoth-storages, thoth-analyzer and pydgraph are
 * real; the station's own programs, Dgraph and Ceph are stand-ins, so what an adviser recommends is not shown.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { kubectl } from "../../lab/demo/kubectl.ts";
import { deployStation, type Station } from "../../lab/demo/station/deploy.ts";
import { adviceOf, askApi, askForAdvice, endedJob, inGraph, request, saidAbout } from "../../lab/demo/station/steps.ts";
import { keysOf } from "../../lab/demo/station/store.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import type { Run } from "../../lab/pulumi.ts";

const cluster = demoSettings(lab);
const quiet = (): void => undefined;

interface Pod extends KubeObject {
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext: { readonly runAsUser?: number };
    readonly containers: readonly {
      readonly env: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

describe("Thoth's station at work", function () {
  this.timeout(900_000);
  let run: Run;
  let station: Station;
  const api = kubeApi(cluster);
  const jobs = async (): Promise<readonly string[]> => {
    const all = await api.list(`/apis/batch/v1/namespaces/${station.backend}/jobs`);
    return all.map(({ metadata }) => metadata.name);
  };

  before(async () => {
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    station = await deployStation(run);
  });
  after(() => removeCluster(cluster, quiet));

  it("a request for advice becomes a Job of the Template, a result for the user and the store, and a node of the graph", async () => {
    const analysis = await askForAdvice(run, station, { flask: "*", six: ">=1.12" });
    const { result, metadata } = await adviceOf(run, station, analysis);
    assert.deepEqual(result.input.requirements.packages, { flask: "*", six: ">=1.12" });
    assert.equal(result.parameters.recommendation_type, "STABLE");
    assert.ok(metadata.hostname.startsWith(analysis));
    assert.deepEqual(
      (await keysOf(run, station.bucket)).filter((key) => key.includes(analysis)),
      [`data/thoth/thoth-infra-stage/adviser/${analysis}`],
    );
    assert.match(await saidAbout(run, station, "graph-sync-scheduler", analysis, "has succeeded"), /: graph-sync-/);
    assert.equal(await endedJob(run, station, `graph-sync-${analysis}`), true);
    assert.equal(await inGraph(run, station, analysis), true);
    assert.equal(await inGraph(run, station, "adviser-of-nobody"), false);
  });

  it("the adviser's pod is what the Template says, as a user of the namespace's range, without a token", async () => {
    const analysis = await askForAdvice(run, station, { requests: "*" });
    await endedJob(run, station, analysis);
    const at = `/api/v1/namespaces/${station.backend}`;
    const [pod, ...others] = await api.list<Pod>(`${at}/pods?labelSelector=job-name%3D${analysis}`);
    assert.deepEqual(others, []);
    const { annotations } = await api.get(`/api/v1/namespaces/${station.backend}`).then(({ metadata }) => metadata);
    const [first] = (annotations?.["openshift.io/sa.scc.uid-range"] ?? "").split("/");
    assert.equal(String(pod?.spec.securityContext.runAsUser), first);
    assert.equal(pod?.spec.automountServiceAccountToken, false);
    const given = Object.fromEntries((pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    assert.equal(given.THOTH_ADVISER_OUTPUT, "http://result-api/api/v1/adviser-result");
    assert.equal(given.THOTH_ADVISER_REQUIREMENTS, '[packages]\\nrequests = "*"\\n');
    const { data } = await api.get<KubeObject & { data: Record<string, string> }>(`${at}/configmaps/thoth`);
    assert.equal(data["ceph-host"], station.bucket.endpoint);
  });

  it("a request waits while the quota is used up, and is served when there is room", async () => {
    interface Quota extends KubeObject {
      readonly spec: { readonly hard: Readonly<Record<string, string>> };
      readonly status?: { readonly hard?: Readonly<Record<string, string>> };
    }
    const core = `/api/v1/namespaces/${station.backend}`;
    const [quota] = await api.list<Quota>(`${core}/resourcequotas`);
    assert.ok(quota);
    const at = `${core}/resourcequotas/${quota.metadata.name}`;
    const allow = async (hard: Readonly<Record<string, string>>): Promise<void> => {
      await api.patch(at, { spec: { hard } });
      await until("the quota's status", 60, async () =>
        (await api.get<Quota>(at)).status?.hard?.["limits.cpu"] === hard["limits.cpu"] ? true : undefined,
      );
    };
    let analysis: string;
    await allow({ ...quota.spec.hard, "limits.cpu": "1", "requests.cpu": "1" });
    try {
      analysis = await askForAdvice(run, station, { numpy: "*" });
      const waits = await saidAbout(run, station, "workload-operator", analysis, "waits");
      assert.equal(waits, `${analysis} waits for the quota`);
      const asked = await api.get<KubeObject & { data: Record<string, string> }>(`${core}/configmaps/${analysis}`);
      assert.equal(asked.metadata.labels?.operator, "workload");
      assert.equal(asked.data.run_method_name, "run_adviser");
      const { status, answer } = await askApi(run, station, `/advise/python/${analysis}/status`);
      assert.deepEqual([status, (answer.status as { state: string }).state], [200, "registered"]);
      assert.ok(!(await jobs()).includes(analysis));
    } finally {
      await allow(quota.spec.hard);
    }
    assert.deepEqual((await adviceOf(run, station, analysis)).result.input.requirements.packages, { numpy: "*" });
  });

  it("an operator that starts again meets a request whose Job it has made, removes it and goes on", async () => {
    const analysis = await askForAdvice(run, station, { scipy: "*" });
    assert.equal(await endedJob(run, station, analysis), true);
    // As it was when its last process ended between the two.
    const data = {
      ...{
        run_method_name: "run_adviser",
        template_method_name: "get_adviser_template",
        template_method_parameters: "{}",
      },
      run_method_parameters: JSON.stringify({
        ...{ application_stack: { requirements: "[packages]\n" }, output: "http://result-api/api/v1/adviser-result" },
        ...{ recommendation_type: "stable", job_id: analysis },
      }),
    };
    const labels = { operator: "workload" };
    const metadata = { name: analysis, namespace: station.backend, labels };
    await api.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
    await saidAbout(run, station, "workload-operator", analysis, "was made before");
    const broken = { ...metadata, name: "adviser-broken" };
    await api.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: broken,
      data: { ...data, run_method_parameters: "{" },
    });
    await saidAbout(run, station, "workload-operator", "adviser-broken", "cannot be done");
    await api.delete(`/api/v1/namespaces/${station.backend}/configmaps/adviser-broken`);
    const later = await askForAdvice(run, station, { scipy: "*" });
    assert.equal(await endedJob(run, station, later), true);
  });

  it("an adviser whose result nobody takes has failed, and nothing of it reaches the graph", async () => {
    const scaled = (replicas: number): Promise<string> =>
      kubectl(run, station.backend, ["scale", "deployment/result-api", `--replicas=${replicas}`]);
    await scaled(0);
    let analysis: string;
    try {
      const gone = ["wait", "--for=delete", "pod", "--selector=component=result-api", "--timeout=100s"];
      await kubectl(run, station.backend, gone);
      analysis = await askForAdvice(run, station, { pandas: "*" });
      assert.equal(await endedJob(run, station, analysis), false);
      const { status, answer } = await askApi(run, station, `/advise/python/${analysis}/status`);
      assert.equal(status, 200);
      assert.equal((answer.status as { exit_code: number }).exit_code, 1);
    } finally {
      await scaled(1);
      await kubectl(run, station.backend, ["rollout", "status", "deployment/result-api", "--timeout=110s"]);
    }
    // The scheduler goes on with what comes afterwards.
    const later = await askForAdvice(run, station, { pandas: "*" });
    assert.equal(await endedJob(run, station, `graph-sync-${later}`), true);
    assert.ok(!(await jobs()).includes(`graph-sync-${analysis}`));
    assert.equal(await inGraph(run, station, analysis), false);
  });

  it("what is no request makes nothing, and nobody gets the result of an analysis that is none", async () => {
    const before = await jobs();
    const bad = await askApi(run, station, "/advise/python?recommendation_type=best", request({ flask: "*" }));
    assert.equal(bad.status, 400);
    assert.equal((await askApi(run, station, "/advise/python", {})).status, 400);
    assert.equal((await askApi(run, station, "/advise/python/adviser-of-nobody")).status, 404);
    const left = await api.list(`/api/v1/namespaces/${station.backend}/configmaps?labelSelector=operator%3Dworkload`);
    assert.deepEqual(left, []);
    assert.deepEqual(await jobs(), before);
  });
});
