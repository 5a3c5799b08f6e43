/**
 * The CentOS Stream service of stack `test` at work on real nodes: from a merge request to source-git to one to dist-git and back,
 * asserted at GitLab, in PostgreSQL and at the cluster's API. Packit's and hardly's own code is stood in for; servers and libraries are real.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { execute, kubectl } from "../../lab/demo/kubectl.ts";
import { amend, close, fileOf, mergeRequest, notes } from "../../lab/demo/gitlab.ts";
import { taskOf, tasks } from "../../lab/demo/packit/steps.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { account, deployStream, groups, projects, type StreamAtWork } from "../../lab/demo/stream/deploy.ts";
import {
  checked,
  connect,
  deliver,
  noteWith,
  offeredToken,
  proposeHello,
  signedToken,
  subjectOf,
  synchronise,
  type Synchronised,
} from "../../lab/demo/stream/steps.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";

const quiet = (): void => undefined;

interface Pod extends KubeObject {
  readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
}

describe("Stream at work", function () {
  this.timeout(900_000);
  const cluster = demoSettings(lab);
  let run: Run;
  let stream: StreamAtWork;
  let token: string;
  let done: Synchronised;

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    stream = await deployStream(run);
  });
  after(() => removeCluster(cluster, quiet));

  const sql = async (query: string): Promise<string> => {
    const psql = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-tAqc", query, "packit"];
    return (await execute(run, stream.namespace, ["deployment/postgres-12", "--", ...psql])).trim();
  };

  it("a webhook without a token is refused, and the project's owners find one for their group in a confidential issue", async () => {
    token = await offeredToken(run, stream);
    assert.deepEqual(await tasks(cluster, stream), [], "nothing is queued");
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as unknown;
    assert.deepEqual(claims, { namespace: groups.source });
  });

  it("a token of somebody else's signature and one of another group are refused, and the right one is not", async () => {
    const forged = signedToken({ namespace: groups.source }, "not the secret");
    assert.equal(await deliver(run, stream, forged, projects.source), 401);
    assert.equal(await deliver(run, stream, token, projects.dist), 401);
    assert.deepEqual(await tasks(cluster, stream), []);
    assert.equal(await deliver(run, stream, token, projects.source), 202);
  });

  it("a merge request to source-git becomes one to dist-git, by the account's token and the stack's SSH key, and a row of PostgreSQL", async () => {
    await connect(stream, token, signedToken({ namespace: groups.dist }, stream.tokenSecret));
    done = await synchronise(run, stream, "Says the time.\n\nBugzilla: 1234567");
    const { source, dist, event, work } = done;
    assert.match(event.worker, /@packit-worker-0$/);
    assert.equal(work.output, dist.web_url);
    assert.equal(dist.author.username, account);
    assert.match(dist.description, /^Resolves: bz#1234567$/m);
    assert.match(await fileOf(stream.alice, dist, "hello.spec"), /^Source0: .*\nPatch1: 0001-Change-hello.txt.patch$/m);
    assert.match(await fileOf(stream.alice, dist, "0001-Change-hello.txt.patch"), /^\+hello at \d+$/m);
    assert.match(await noteWith(stream, source, "Dist-git MR"), /has been created for sake of triggering/);
    assert.match(await sql("SHOW server_version"), /^12\./);
    const linked = `SELECT dist_git FROM stand_in_merge_requests WHERE source_git = '${source.web_url}'`;
    assert.equal(await sql(linked), dist.web_url);
  });

  it("the outcome of dist-git's pipeline is a status of the source-git merge request", async () => {
    assert.equal(await checked(stream, done), "Dist-git MR CI Pipeline: success");
  });

  it("one more commit goes to dist-git, too", async () => {
    await amend(stream.bob, done.source, { "hello.txt": "hello once more\n" });
    await noteWith(stream, done.dist, "has been updated");
    const now = await mergeRequest(stream.alice, done.dist);
    assert.notEqual(now.sha, done.dist.sha);
    assert.match(await fileOf(stream.alice, now, "hello.spec"), /^Patch2: 0002-/m);
    assert.equal(await checked(stream, done), "Dist-git MR CI Pipeline: success");
  });

  it("a pipeline that fails is a failed status, and a merge request that is closed closes dist-git's", async () => {
    const other = await synchronise(run, stream, "Names no bug.");
    assert.equal(await checked(stream, other), "Dist-git MR CI Pipeline: failed");
    await close(stream.bob, other.source);
    await noteWith(stream, other.dist, "has been closed");
    assert.equal((await mergeRequest(stream.alice, other.dist)).state, "closed");
  });

  it("a task whose forge fails is tried again as often as the stack says, and its row has the error then", async () => {
    const folder = `/data/git/${projects.dist}.git`;
    const move = (from: string, to: string): Promise<string> => {
      const words = ["node", "--eval", `fs.renameSync("${from}", "${to}")`];
      return execute(run, "lab-counterparts", ["deployment/gitlab", "--container=gitlab", "--", ...words]);
    };
    const wanted = { source: "hardly", event_type: "merge request: open" } as const;
    await move(folder, `${folder}.away`);
    try {
      const subject = subjectOf(await proposeHello(stream, "Fails."));
      await assert.rejects(taskOf(cluster, stream, { ...wanted, subject }, 240), /500/);
      const failed = (await tasks(cluster, stream)).find(
        (task) => task.subject === subject && task.source === "hardly",
      );
      assert.equal(failed?.times, 3, "the first time and CELERY_RETRY_LIMIT more");
    } finally {
      await move(`${folder}.away`, folder);
    }
    await synchronise(run, stream, "Works again.");
  });

  it("a new worker knows what the one before has linked", async () => {
    await kubectl(run, stream.namespace, ["delete", "pod", "packit-worker-0"]);
    await kubectl(run, stream.namespace, ["rollout", "status", "statefulset/packit-worker", "--timeout=110s"]);
    const before = (await notes(stream.alice, done.dist)).length;
    await amend(stream.bob, done.source, { "hello.txt": "hello for the last time\n" });
    await until("the new worker's note at dist-git", 180, async () =>
      (await notes(stream.alice, done.dist)).length > before ? true : undefined,
    );
  });

  it("GitLab's page shows the status", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-stream-"));
    try {
      const url = done.source.web_url;
      const shows = "has been created for sake of triggering";
      const [picture = ""] = await takePictures(cluster, folder, [{ name: "stream", url, shows }]);
      assert.ok(statSync(picture).size > 5000, picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("no container had to start again, and GitLab knew all that it was asked", async () => {
    const pods = await kubeApi(cluster).list<Pod>(`/api/v1/namespaces/${stream.namespace}/pods`);
    const restarted = pods.filter(({ status }) =>
      status.containerStatuses?.some(({ restartCount }) => restartCount > 0),
    );
    assert.deepEqual(
      restarted.map(({ metadata }) => metadata.name),
      [],
    );
    assert.deepEqual(await stream.alice.get("/lab/unknown"), []);
  });
});
