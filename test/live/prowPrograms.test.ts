/** Prow's own programs in the pods of stack `test`, around one pull request at GitHub's counterpart. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { stubRepository } from "../../components/prow/files/stub.ts";
import { type PullRequest, statusOf, webhook } from "../../lab/demo/github.ts";
import { type Forwarded, forward, kubectl } from "../../lab/demo/kubectl.ts";
import { ask, type Person } from "../../lab/demo/outside.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { api, type KubeObject } from "../../lab/harness/kube.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { hmacToken } from "../../ops/lib/prow/smoke.ts";
import { memberAtGithub, owner, pullRequest, releasingPods } from "./prow/proposal.ts";
import { programs as metricPrograms } from "../unit/monitoring/metrics.ts";

interface ProwJob extends KubeObject {
  readonly spec: { readonly job: string };
  readonly status: { readonly url?: string; readonly build_id?: string };
}

interface Pod extends KubeObject {
  readonly spec: Readonly<Record<"initContainers" | "containers", readonly { name: string; image: string }[]>>;
  readonly status: { readonly containerStatuses: readonly { readonly restartCount: number }[] };
}

const namespace = "kubernetes-prow";
const jobs = `${namespace}-jobs`;
const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prowjobs.prow.k8s.io";
const hookUrl = "https://hook.prowdeploy.ci/hook";
const deckUrl = "https://deck.prowdeploy.ci/";
const run = { lab, toolchain: toolchainFolders(), log: (): void => undefined };

describe("Prow's programs of stack test", function () {
  this.timeout(900_000);
  let test: SystemOnLab;
  let alice: Person;
  let change: PullRequest;
  const forwarded = new Map<string, Forwarded>();
  /** Text that a Service or Deployment of Prow serves. */
  const get = async (target: string, port: number, path: string, method = "GET"): Promise<Response> => {
    const key = `${target}:${port}`;
    const to = forwarded.get(key) ?? (await forward(run, namespace, target, port));
    forwarded.set(key, to);
    return fetch(`http://127.0.0.1:${to.port}${path}`, { method, ...(method === "PUT" ? { body: "a 1\n" } : {}) });
  };
  const text = async (target: string, port: number, path: string): Promise<string> =>
    (await get(target, port, path)).text();

  before(async () => {
    test = await SystemOnLab.open("prow", "test");
    alice = await memberAtGithub();
    await test.assertDeploys();
    const secret = `/api/v1/namespaces/${namespace}/secrets/hmac-token`;
    const { data } = await api.get<{ data: { hmac: string } }>(secret);
    await webhook(alice, owner, hookUrl, hmacToken(Buffer.from(data.hmac, "base64").toString()));
    change = await pullRequest(alice, hookUrl);
  });
  after(async () => {
    for (const one of forwarded.values()) one.close();
    await releasingPods(jobs, () => test.close(namespace, jobs));
    if ((await api.find(definition)) !== undefined) await api.delete(definition);
  });

  it("a pull request becomes a ProwJob with an address, and a pod with Prow's own containers", async () => {
    const [job] = await eventually(
      "the ProwJob has an address",
      () => api.list<ProwJob>(`/apis/prow.k8s.io/v1/namespaces/${jobs}/prowjobs`),
      ([found]) => found?.status.url !== undefined,
    );
    // One that Deck opens: the bucket's kind, the bucket, and the job's folder in it.
    const folder = `pr-logs/pull/testorg_testrepo/${change.number}/test-job/${job?.status.build_id ?? ""}`;
    assert.equal(job?.status.url, `${deckUrl}view/gs/kubernetes-prow/${folder}`);
    const pod = await api.get<Pod>(`/api/v1/namespaces/${jobs}/pods/${job.metadata.name}`);
    const names = (list: readonly { name: string }[]): readonly string[] => list.map(({ name }) => name);
    assert.deepEqual(names(pod.spec.initContainers), ["clonerefs", "initupload", "place-entrypoint"]);
    assert.deepEqual(names(pod.spec.containers), ["test", "sidecar"]);
    assert.match(pod.spec.initContainers[0]?.image ?? "", /\/clonerefs:v20260819-7593870dc$/);
  });

  it("crier reports it to GitHub as a status of the commit", async () => {
    // The first report may come before the job has its address.
    await eventually(
      "a status at the commit with Deck's address",
      () => statusOf(alice, change.head.sha, "test-job", stubRepository),
      (found) => found?.target_url.startsWith(deckUrl) === true,
    );
  });

  it("Deck shows its page, the job, tide's pools, and the help of hook and of the external plugins behind it", async () => {
    assert.match((await ask(lab, deckUrl)).body, /DOCTYPE html[^]*Prow Status/i);
    const shown = await eventually(
      "the job in Deck",
      async () => JSON.parse((await ask(lab, `${deckUrl}prowjobs.js`)).body) as { items: ProwJob[] },
      ({ items }) => items.length > 0,
    );
    assert.deepEqual(
      shown.items.map(({ spec }) => spec.job),
      ["test-job"],
    );
    await eventually(
      "tide's pools",
      () => ask(lab, `${deckUrl}tide.js`),
      ({ status }) => status === 200,
    );
    const help = (await ask(lab, `${deckUrl}plugin-help.js`)).body;
    assert.match(help, /"needs-rebase":/);
    assert.match(help, /"cherrypicker":/);
  });

  it("pushgateway has the figures of every program that pushes, and its proxy passes on reads and no writes", async () => {
    const pushing = ["ghproxy", "hook", "tide", "crier", "horologium", "sinker", "plank", "exporter"];
    await eventually(
      "all push figures",
      () => text("service/pushgateway", 80, "/metrics"),
      (body) =>
        pushing.every((job) => new RegExp(`^go_goroutines\\{instance="[^"]+",job="${job}"\\} \\d`, "m").test(body)),
      90,
    );
    const proxy = ["service/pushgateway-external", 80] as const;
    assert.match(await text(...proxy, "/metrics"), /^pushgateway_build_info/m);
    assert.equal((await get(...proxy, "/metrics/job/x", "PUT")).status, 403);
  });

  it("those that push serve their figures, too, and so does Deck", async () => {
    for (const program of ["ghproxy", "hook", "tide", "crier", "horologium", "sinker", "exporter", "deck"])
      assert.match(await text(`deployment/${program}`, 9090, "/metrics"), /^go_goroutines /m, program);
  });

  for (const program of ["hook", "tide", "crier", "prow-controller-manager"] as const)
    it(`${program} serves the figures that alerts read of it`, async () => {
      for (const metric of metricPrograms[program])
        await eventually(
          metric,
          () => text(`deployment/${program}`, 9090, "/metrics"),
          (body) => new RegExp(`^${metric}\\{`, "m").test(body),
          90,
        );
    });

  it("the API refuses none of the programs anything", async () => {
    const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
    assert.ok(pods.length > 15, `only ${pods.length} pods`);
    for (const { metadata, status } of pods) {
      const ask = ["logs", metadata.name, "--all-containers"];
      const restarted = status.containerStatuses.some(({ restartCount }) => restartCount > 0);
      const earlier = restarted ? await kubectl(run, namespace, [...ask, "--previous"]).catch(() => "") : "";
      const log = earlier + (await kubectl(run, namespace, ask));
      const refused = log
        .split("\n")
        .filter((line) => /is forbidden|Forbidden|cannot (get|list|watch|create|patch|update) resource/.test(line));
      assert.deepEqual(refused.slice(0, 3), [], metadata.name);
    }
  });
});
