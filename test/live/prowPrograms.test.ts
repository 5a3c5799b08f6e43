/** Prow's own programs, and Debian's for the images next to them, each in a pod exactly as stack `test` declares it. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { delivery, hmacToken } from "../../ops/lib/prow/smoke.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { api, deleteNodesExcept, type KubeObject, nodeNames } from "../../lab/harness/kube.ts";
import { type Container, runContainer, type Running } from "./prow/container.ts";
import { type Answer, type Github, openedPullRequest, startGithub } from "./prow/github.ts";
import { prowTools } from "./prow/tools.ts";
import { programs as metricPrograms } from "../unit/monitoring/metrics.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

interface ProwJob extends KubeObject {
  readonly status: { readonly url?: string; readonly build_id?: string };
}

interface Pod extends KubeObject {
  readonly spec: Readonly<Record<"initContainers" | "containers", readonly { name: string; image: string }[]>>;
}

const namespace = "kubernetes-prow";
const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prowjobs.prow.k8s.io";

/** Few, as branch-protector asks GitHub a hundred things at once and then one in twelve seconds. */
const branches = ["master", "release-0.15"].map((name) => ({ name }));

const answers: readonly Answer[] = [
  [/^GET \/users\/lab-bot\/repos/, 200, []],
  [/^POST \/graphql$/, 200, { data: { search: { pageInfo: {}, nodes: [] }, rateLimit: {} } }],
  [
    /^GET \/repos\/(kubevirt\/user-guide|nmstate\/kubernetes-nmstate|testorg\/testrepo)$/,
    200,
    { default_branch: "master" },
  ],
  // What is archived is left alone.
  [/^GET \/repos\/[\w-]+\/[\w-]+$/, 200, { archived: true }],
  [/^GET \/repos\/nmstate\/kubernetes-nmstate\/branches\?.*protected=false/, 200, branches],
  [/^GET \/repos\/[\w-]+\/[\w-]+\/branches\?.*protected=false/, 200, branches.slice(0, 1)],
  [/^GET \/repos\/[\w-]+\/[\w-]+\/branches\/[^/]+\/protection$/, 404, { message: "Branch not protected" }],
  [/^GET \/repos\/[\w-]+\/[\w-]+\/branches/, 200, []],
  [/^POST \/repos\/testorg\/testrepo\/statuses\//, 201, {}],
  [/^PUT \/repos\/[\w-]+\/[\w-]+\/branches\/[^/]+\/protection$/, 200, {}],
];

describe("Prow's programs as stack test declares them", function () {
  this.timeout(900_000);
  let test: SystemOnLab;
  let tools: string;
  let github: Github;
  let nodes: ReadonlySet<string>;
  const running = new Map<string, Running>();
  /** Ports of 127.0.0.1 behind Services; what is not there refuses connections. */
  const services: Record<string, number> = {};

  before(async () => {
    await installPackages(["nginx-light", "docker-registry", "prometheus-pushgateway"], () => undefined);
    tools = await prowTools();
    github = await startGithub(true, answers);
    nodes = await nodeNames();
    test = await SystemOnLab.open("prow", "test");
    await test.assertDeploys();
    // The cache itself is run below; the others ask what it would ask.
    services.ghproxy = Number(new URL(github.url).port);
  });
  after(async () => {
    for (const one of running.values()) await one.stop();
    github.close();
    // Crier keeps a pod until it has reported its end, and crier has ended.
    for (const { metadata } of await api.list(`/api/v1/namespaces/${namespace}-jobs/pods`)) {
      await api.patch(`/api/v1/namespaces/${namespace}-jobs/pods/${metadata.name}`, { metadata: { finalizers: null } });
    }
    await test.close(namespace, `${namespace}-jobs`);
    if ((await api.find(definition)) !== undefined) await api.delete(definition);
    await deleteNodesExcept(nodes);
  });

  const start = async (
    name: string,
    program: Container["program"],
    more: Partial<Container> = {},
  ): Promise<Running> => {
    const what = { namespace, name, program, answers: services, ...more };
    // Programs with several clusters may end in a data race of their own at the start; a kubelet starts them again.
    const raced = (error: Error): Promise<Running> => {
      if (/fatal error: concurrent map/.test(error.message)) return runContainer(what);
      throw error;
    };
    const started = await runContainer(what).catch(raced);
    running.set(name, started);
    return started;
  };
  const prow = (program: string): string => path.join(tools, program);
  const portOf = (one: Running, port: number): number => Number(new URL(one.url(port)).port);
  const get = async (url: string): Promise<{ status: number; body: string }> => {
    const answer = await fetch(url);
    return { status: answer.status, body: await answer.text() };
  };

  it("pushgateway answers its probe, and its proxy passes on reads and no writes", async () => {
    const gateway = await start("pushgateway", ["/usr/bin/prometheus-pushgateway"]);
    services.pushgateway = portOf(gateway, 9091);
    const proxy = await start("pushgateway-proxy", ["/usr/sbin/nginx", "-g", "daemon off;"]);
    assert.match((await get(`${proxy.url(8081)}/metrics`)).body, /^pushgateway_build_info/m);
    const written = await fetch(`${proxy.url(8081)}/metrics/job/x`, { method: "PUT", body: "a 1\n" });
    assert.equal(written.status, 403);
  });

  it("docker-mirror's registry accepts its configuration, as root without capabilities, and then contacts Docker Hub", async () => {
    const command = ["/usr/bin/docker-registry", "serve", "/etc/docker/registry/config.yml"];
    // A mirror asks at its start how to log in, and there is no Docker Hub here.
    await assert.rejects(start("docker-mirror", command), /Get "https:\/\/registry-1\.docker\.io\/v2\/": dial tcp/);
  });

  /** Name of what it pushes, where it does; all that push also serve. */
  const programs: readonly (readonly [name: string, program: string, job?: string])[] = [
    ["ghproxy", "ghproxy", "ghproxy"],
    ["needs-rebase", "needs-rebase"],
    ["cherrypicker", "cherrypicker"],
    ["hook", "hook", "hook"],
    ["tide", "tide", "tide"],
    ["crier", "crier", "crier"],
    ["horologium", "horologium", "horologium"],
    ["sinker", "sinker", "sinker"],
    ["prow-controller-manager", "prow-controller-manager", "plank"],
    ["statusreconciler", "status-reconciler"],
    ["exporter", "exporter", "exporter"],
  ];
  for (const [name, program, job] of programs) {
    it(`${name} runs until its probes answer${job === undefined ? "" : ", serves its metrics and pushes them"}`, async () => {
      const started = await start(name, prow(program));
      if (name === "hook" || name === "tide") services[name] = portOf(started, 8888);
      if (name === "needs-rebase" || name === "cherrypicker") services[name] = portOf(started, 8888);
      if (job === undefined) return;
      const served = await eventually(
        `${name} serves figures`,
        () => get(`${started.url(9090)}/metrics`).catch(() => ({ status: 0, body: "" })),
        ({ status }) => status === 200,
        60,
      );
      assert.match(served.body, /^go_goroutines /m);
      const pushed = await eventually(
        `${name} pushes figures`,
        async () => (await get(`http://127.0.0.1:${services.pushgateway ?? 0}/metrics`)).body,
        (body) => body.includes(`job="${job}"`),
        60,
      );
      assert.match(pushed, new RegExp(`^go_goroutines\\{instance="[^"]+",job="${job}"\\} \\d`, "m"));
    });
  }

  it("deck shows its page, tide's pools, and the help of hook and of the external plugins behind it", async () => {
    const deck = await start("deck", prow("deck"), {
      image: { "/var/run/ko/template": path.join(tools, "template") },
      imageEnv: { KO_DATA_PATH: "/var/run/ko" },
    });
    const url = deck.url(8080);
    assert.match((await get(url)).body, /Prow Status/);
    await eventually(
      "tide's pools",
      () => get(`${url}/tide.js`),
      ({ status }) => status === 200,
      30,
    );
    const help = (await get(`${url}/plugin-help.js`)).body;
    assert.match(help, /"needs-rebase":/);
    assert.match(help, /"cherrypicker":/);
    assert.equal((await get(`${deck.url(9090)}/metrics`)).status, 200);
  });

  it("a pull request passes through all programs: a ProwJob, its pod with Prow's own containers, its address, its status", async () => {
    const { data } = await api.get<{ data: { hmac: string } }>(`/api/v1/namespaces/${namespace}/secrets/hmac-token`);
    const body = openedPullRequest();
    const sent = await fetch(`http://127.0.0.1:${services.hook ?? 0}/hook`, {
      method: "POST",
      headers: delivery("pull_request", body, hmacToken(Buffer.from(data.hmac, "base64").toString())),
      body,
    });
    assert.equal(sent.status, 200);
    const jobs = `${namespace}-jobs`;
    const [job] = await eventually(
      "the ProwJob has an address",
      () => api.list<ProwJob>(`/apis/prow.k8s.io/v1/namespaces/${jobs}/prowjobs`),
      ([found]) => found?.status.url !== undefined,
      60,
    );
    // One that Deck opens: the bucket's kind, the bucket, and the job's folder in it.
    const folder = `pr-logs/pull/testorg_testrepo/7/test-job/${job?.status.build_id ?? ""}`;
    assert.equal(job?.status.url, `https://deck.prowdeploy.ci/view/gs/kubernetes-prow/${folder}`);
    const pod = await api.get<Pod>(`/api/v1/namespaces/${jobs}/pods/${job.metadata.name}`);
    const names = (list: readonly { name: string }[]): readonly string[] => list.map(({ name }) => name);
    assert.deepEqual(names(pod.spec.initContainers), ["clonerefs", "initupload", "place-entrypoint"]);
    assert.deepEqual(names(pod.spec.containers), ["test", "sidecar"]);
    assert.match(pod.spec.initContainers[0]?.image ?? "", /\/clonerefs:v20260819-7593870dc$/);
    await eventually(
      "crier reports to GitHub",
      () => Promise.resolve(github.asked),
      (asked) => asked.some((line) => line.startsWith("POST /repos/testorg/testrepo/statuses/")),
      60,
    );
  });

  for (const program of ["hook", "tide", "crier", "prow-controller-manager"] as const)
    it(`${program} serves the figures that alerts read of it`, async () => {
      const url = `${running.get(program)?.url(9090) ?? ""}/metrics`;
      for (const metric of metricPrograms[program])
        await eventually(
          metric,
          async () => (await get(url)).body,
          (body) => new RegExp(`^${metric}\\{`, "m").test(body),
          90,
        );
    });

  it("the API refuses none of the programs anything", () => {
    for (const [name, { log }] of running) {
      const refused = log()
        .split("\n")
        .filter((line) => /is forbidden|Forbidden|cannot (get|list|watch|create|patch|update) resource/.test(line));
      assert.deepEqual(refused.slice(0, 3), [], name);
    }
  });

  it("branch-protector protects what the configuration names and ends", async () => {
    const before = github.asked.length;
    const done = await runContainer({
      ...{ namespace, name: "branch-protector", kind: "CronJob", program: prow("branchprotector"), answers: services },
      ends: true,
    });
    const put = github.asked.slice(before).filter((line) => line.startsWith("PUT "));
    await done.stop();
    assert.ok(put.includes("PUT /repos/kubevirt/user-guide/branches/master/protection"), put.join("\n"));
    assert.ok(put.includes("PUT /repos/nmstate/kubernetes-nmstate/branches/release-0.15/protection"));
  });

  it("a pod without the folder for clones stops, so the others prove something", async () => {
    await assert.rejects(
      start("tide", prow("tide"), { without: ["/var/tmp"], ends: true }),
      /gitcache\d+: read-only file system/,
    );
  });
});
