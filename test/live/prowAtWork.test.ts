/**
 * Prow of stack `test` at work on real nodes: from GitHub's signed webhook to what a person sees, asserted at GitHub, in the bucket
 * and on Deck's pages. GitHub and the bucket are the lab's counterparts; every program of Prow is Prow's own.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { makeRepository, propose, type PullRequest, statusOf } from "../../lab/demo/github.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { deployProw, type ProwAtWork, robot } from "../../lab/demo/prow/deploy.ts";
import {
  comment,
  folderOf,
  forge,
  job,
  objectsBelow,
  objectText,
  type ProwJob,
  prowJobs,
  pullRequest,
  repository,
} from "../../lab/demo/prow/steps.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { files } from "../../lab/kubernetes/files.ts";
import { kubernetesEnv } from "../../lab/kubernetes/kubernetes.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { root } from "../../lab/settings.ts";

interface Pod extends KubeObject {
  readonly spec: Readonly<Record<"initContainers" | "containers", readonly { readonly name: string }[]>> & {
    readonly nodeName?: string;
  };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly state?: { readonly terminated?: { readonly exitCode: number } };
    }[];
  };
}

/** An event that GitHub sent. */
interface Delivery {
  readonly id: number;
  readonly event: string;
  readonly status_code: number;
  readonly redelivery: boolean;
}

const cluster = demoSettings(lab);
const api = kubeApi(cluster);
const quiet = (): void => undefined;

describe("Prow at work", function () {
  this.timeout(900_000);
  let prow: ProwAtWork;
  let change: PullRequest;
  let done: ProwJob;
  const greeting = "Hello from the live test";

  const hookPods = (): Promise<readonly Pod[]> =>
    api.list<Pod>(`/api/v1/namespaces/${prow.namespaces.prow}/pods?labelSelector=app%3Dhook`);

  /** Comments that GitHub has sent to hook. */
  async function deliveries(): Promise<readonly Delivery[]> {
    const all = await prow.alice.get<readonly Delivery[]>(`/orgs/kubevirt/hooks/${prow.hook}/deliveries`);
    return all.filter(({ event }) => event === "issue_comment");
  }

  /** The next delivery, once hook has taken it. */
  const delivered = (known: readonly Delivery[]): Promise<Delivery> =>
    until("hook's answer to the comment", 60, async () =>
      (await deliveries()).find(({ id, status_code: status }) => status === 200 && known.every((one) => one.id !== id)),
    );

  const ended = (number: number, at: number): Promise<ProwJob> =>
    until(`the end of run ${at} of ${job}`, 300, async () => {
      const found = (await prowJobs(api, prow, { job, number }))[at];
      return ["success", "failure", "error"].includes(found?.status.state ?? "") ? found : undefined;
    });

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    prow = await deployProw(await startCluster(cluster, quiet));
    await makeRepository(prow.alice, repository);
    const proposed = { path: "greeting.txt", text: `${greeting}\n`, title: "Greet friendly", in: repository };
    change = await propose({ person: prow.alice, login: "alice" }, proposed);
  });
  after(() => removeCluster(cluster, quiet));

  it("a member's /test becomes a ProwJob, and its pod clones, tests and uploads with Prow's own containers", async () => {
    await comment(prow.alice, change.number, `/test ${job}`);
    done = await ended(change.number, 0);
    assert.equal(done.status.state, "success");
    assert.equal(done.spec.refs?.pulls?.[0]?.sha, change.head.sha);
    const pod = await api.get<Pod>(`/api/v1/namespaces/${prow.namespaces.jobs}/pods/${done.metadata.name}`);
    const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);
    assert.deepEqual(names(pod.spec.initContainers), ["clonerefs", "initupload", "place-entrypoint"]);
    assert.deepEqual(names(pod.spec.containers), ["test", "sidecar"]);
    const codes = pod.status.containerStatuses?.map(({ state }) => state?.terminated?.exitCode);
    assert.deepEqual(codes, [0, 0]);
  });

  it("the bucket has the run's log with what the test read from the clone, its artifact and its records", async () => {
    const folder = folderOf(change.number, done.status.build_id ?? "");
    const objects = await until("crier's records", 60, async () => {
      const found = await objectsBelow(cluster, prow, folder);
      return found.includes("finished.json") && found.includes("prowjob.json") ? found : undefined;
    });
    for (const name of [
      "artifacts/junit.xml",
      "build-log.txt",
      "clone-log.txt",
      "clone-records.json",
      "started.json",
    ]) {
      assert.ok(objects.includes(name), `${name} is not among ${objects.join(", ")}`);
    }
    assert.match(await objectText(cluster, prow, `${folder}build-log.txt`), new RegExp(greeting));
    const { passed } = JSON.parse(await objectText(cluster, prow, `${folder}finished.json`)) as { passed: boolean };
    assert.equal(passed, true);
  });

  it("crier sets the commit's status at GitHub, and its link leads to the run at Deck", async () => {
    const status = await until("crier's status", 60, async () => {
      const found = await statusOf(prow.alice, change.head.sha, job, repository);
      return found?.state === "success" ? found : undefined;
    });
    assert.equal(status.target_url, done.status.url);
  });

  it("Deck shows the job, its log and its history in a browser", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-deck-"));
    try {
      const deck = `https://${prow.hosts.deck}`;
      const files = await takePictures(cluster, folder, [
        { name: "jobs", url: `${deck}/`, shows: job },
        { name: "run", url: done.status.url ?? "", shows: greeting },
        {
          ...{ name: "history", shows: done.status.build_id ?? "" },
          url: `${deck}/job-history/gs/${prow.bucket}/pr-logs/directory/${job}`,
        },
      ]);
      for (const file of files) assert.ok(statSync(file).size > 10_000, file);
      assert.equal(files.length, 3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("a webhook with a wrong signature is refused and starts nothing", async () => {
    const [owner = "", name = ""] = repository.split("/");
    const body = JSON.stringify({
      ...{ action: "created", repository: { owner: { login: owner }, name, full_name: repository } },
      issue: { number: change.number, state: "open", user: { login: "alice" }, pull_request: {} },
      comment: { body: `/test ${job}`, user: { login: "alice" } },
    });
    const before = (await prowJobs(api, prow, { job, number: change.number })).length;
    assert.equal(await forge(cluster, prow, "not the secret", body), 403);
    assert.equal((await prowJobs(api, prow, { job, number: change.number })).length, before);
  });

  it("a job that fails is a red status and a comment with the link for who proposed the change", async () => {
    const sad = await propose(
      { person: prow.alice, login: "alice" },
      { path: "greeting.txt", text: "Go away\n", title: "Greet unfriendly", in: repository },
    );
    await comment(prow.alice, sad.number, `/test ${job}`);
    const failed = await ended(sad.number, 0);
    assert.equal(failed.status.state, "failure");
    const said = await until("crier's comment", 90, async () => {
      const all = await prow.alice.get<readonly { body: string; user: { login: string } }[]>(
        `/repos/${repository}/issues/${sad.number}/comments`,
      );
      return all.find(({ body, user }) => user.login === robot && body.includes("test **failed**"));
    });
    assert.ok(said.body.includes(failed.status.url ?? ""), said.body);
    assert.equal((await statusOf(prow.alice, sad.head.sha, job, repository))?.state, "failure");
  });

  it("an event that hook has taken is not lost when its pod is deleted in the middle", async () => {
    const before = (await prowJobs(api, prow, { job, number: change.number })).length;
    const known = await deliveries();
    await comment(prow.alice, change.number, `/test ${job}`);
    const [pod] = await hookPods();
    const taken = await delivered(known);
    await api.delete(`/api/v1/namespaces/${prow.namespaces.prow}/pods/${pod?.metadata.name ?? ""}`);
    assert.equal(taken.redelivery, false);
    await ended(change.number, before);
    // GitHub sends no event twice: what comes while the only pod starts is lost.
    await until("hook's next pod", 120, async () => {
      const pods = await hookPods();
      const ready = pods.every(({ status }) => status.containerStatuses?.every((one) => one.ready) === true);
      return pods.length > 0 && ready && pods.every(({ metadata }) => metadata.name !== pod?.metadata.name)
        ? pods
        : undefined;
    });
    // The router learns of it after the cluster does; hook answers 405 to what is no POST.
    const url = "https://hook.prowdeploy.ci/hook";
    await until("hook through the router", 60, async () =>
      (await ask(cluster, url)).status === 405 ? true : undefined,
    );
  });

  it("/lgtm and /approve of the owner let tide merge, as one commit on main", async () => {
    const known = await deliveries();
    await comment(prow.bob, change.number, "/lgtm\n/approve");
    await delivered(known);
    const merged = await until("tide's merge", 400, async () => {
      const found = await pullRequest(prow, change.number);
      return found.merged ? found : undefined;
    });
    const labels = merged.labels.map(({ name }) => name);
    assert.ok(labels.includes("lgtm") && labels.includes("approved"), labels.join(", "));
    const main = await prow.alice.get<{ sha: string; parents: readonly object[]; commit: { message: string } }>(
      `/repos/${repository}/commits/main`,
    );
    assert.equal(main.sha, merged.merge_commit_sha);
    assert.equal(main.parents.length, 1);
    assert.match(main.commit.message, new RegExp(`^Greet friendly \\(#${change.number}\\)`));
    const { content } = await prow.alice.get<{ content: string }>(`/repos/${repository}/contents/greeting.txt`);
    assert.equal(Buffer.from(content, "base64").toString(), `${greeting}\n`);
  });

  it("horologium starts the periodic job, and its log is in the bucket", async () => {
    const beat = await until("the periodic job's end", 200, async () => {
      const [found] = await prowJobs(api, prow, { job: "periodic-heartbeat" });
      return found?.status.state === "success" ? found : undefined;
    });
    const log = `logs/periodic-heartbeat/${beat.status.build_id ?? ""}/build-log.txt`;
    assert.match(await objectText(cluster, prow, log), /the heart beats/);
  });

  it("ops prow logs prints what a service's pods have said", async () => {
    const words = [
      "prow",
      "logs",
      "hook",
      "--stack",
      "test",
      "--kubeconfig",
      files(cluster).kubeconfig,
      "--",
      "--tail=200",
    ];
    const env = { ...process.env, ...kubernetesEnv(cluster) };
    const { stdout } = await promisify(execFile)(process.execPath, ["orrery.mjs", ...words], { env, cwd: root });
    assert.match(stdout, /^\[pod\/hook-\S+\/hook\] \{.*"event-type":"pull_request"/m);
  });

  it("ghproxy, whose cache stays on a node, runs on the node that the settings name for it", async () => {
    const [pod] = await api.list<Pod>(`/api/v1/namespaces/${prow.namespaces.prow}/pods?labelSelector=app%3Dghproxy`);
    const node = await api.get(`/api/v1/nodes/${pod?.spec.nodeName ?? ""}`);
    assert.equal(node.metadata.labels?.dedicated, "ghproxy");
  });

  it("the programs asked the counterparts nothing that these do not know", async () => {
    assert.deepEqual(await prow.alice.get("/lab/unknown"), []);
    assert.deepEqual(JSON.parse((await ask(cluster, "https://storage.googleapis.com/lab/unknown")).body), []);
  });
});
