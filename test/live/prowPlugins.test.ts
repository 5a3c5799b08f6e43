/**
 * What Prow of stack `test` does around a change, on real nodes: a conflict is labelled, a merged change is picked for a release, a change
 * of the jobs' files reaches Prow, a job pulls through the mirror, and what is old is removed. Every program is Prow's own; GitHub is the lab's counterpart.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { stringify } from "yaml";
import { branchProtection } from "../../components/prow/files/base/branchProtection.ts";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { runCronJob } from "../../lab/demo/cronJobs.ts";
import { makeRepository, propose, type PullRequest } from "../../lab/demo/github.ts";
import { ask, type Person } from "../../lab/demo/outside.ts";
import { deployProw, type ProwAtWork, robot } from "../../lab/demo/prow/deploy.ts";
import { comment, folderOf, objectText, type ProwJob, prowJobs, repository } from "../../lab/demo/prow/steps.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { ended, labelled, presubmit, robotSaid, robotSays } from "./prow/change.ts";

const cluster = demoSettings(lab);
const api = kubeApi(cluster);
const quiet = (): void => undefined;
/** Where the config-updater looks for files of jobs. */
const source = "kubevirt/project-infra";
const jobs = "github/ci/prow-deploy/files/jobs";
const release = "release-1.0";
const newJob = "check-farewell";
const pullJob = "pull-farewell";

/** Asks for an image as Docker with the options of the preset would. */
const pull = String.raw`. /etc/default/docker
mirror=$(echo "$DOCKER_OPTS" | sed 's/.*--registry-mirror=\([^ ]*\).*/\1/')/v2/library/farewell
layer=$(wget -qO- --header 'Accept: application/vnd.oci.image.manifest.v1+json' "$mirror/manifests/1" | sed 's/.*"layers":.*"digest":"\([^"]*\)".*/\1/')
wget -qO- "$mirror/blobs/$layer"`;
/** Jobs that the demonstration does not have at first. */
const jobFile = {
  presubmits: {
    [repository]: [
      presubmit(newJob, { command: ["echo", "farewell"] }),
      presubmit(pullJob, { command: ["sh", "-c", pull] }, { "preset-docker-mirror": "true" }),
    ],
  },
};

interface Pulled extends PullRequest {
  readonly title: string;
  readonly body: string;
  readonly user: { readonly login: string };
  readonly assignees: readonly { readonly login: string }[];
  readonly base: { readonly ref: string };
}

describe("Prow's plugins at work", function () {
  this.timeout(1_500_000);
  let prow: ProwAtWork;
  let alice: { readonly person: Person; readonly login: string };
  let merged: PullRequest;
  let conflicting: PullRequest;

  before(async () => {
    await removeCluster(cluster, quiet);
    prow = await deployProw(await startCluster(cluster, quiet));
    alice = { person: prow.alice, login: "alice" };
    for (const name of [repository, source]) await makeRepository(prow.alice, name);
    await prow.alice.call("POST", `/repos/${repository}/git/refs`, {
      ref: `refs/heads/${release}`,
      sha: await mainOf(repository),
    });
  });
  after(() => removeCluster(cluster, quiet));

  const mainOf = async (name: string): Promise<string> =>
    (await prow.alice.get<{ object: { sha: string } }>(`/repos/${name}/git/refs/heads/main`)).object.sha;
  /** The owner merges without Prow. */
  const merge = (number: number, name: string): Promise<unknown> =>
    prow.alice.call("PUT", `/repos/${name}/pulls/${number}/merge`, { merge_method: "squash" });
  const answered = (number: number, what: RegExp, name = repository): Promise<string> =>
    robotSays(prow, { in: name, number }, what);
  const write = (branch: string, text: string): Promise<unknown> =>
    prow.alice.call("PUT", `/repos/${repository}/contents/greeting.txt`, {
      ...{ branch, message: "Greet otherwise\n\nSigned-off-by: alice <alice@users.noreply.github.com>" },
      content: Buffer.from(text).toString("base64"),
    });
  /** A job's run at the conflicting change, asked for until hook knows the job: it reads the mounted file some time after it is written. */
  async function runOf(name: string, at = 0): Promise<ProwJob> {
    const runs = (): Promise<readonly ProwJob[]> => prowJobs(api, prow, { job: name, number: conflicting.number });
    await until(`run ${at} of ${name}`, 300, async () => {
      if ((await runs()).length > at) return true;
      await comment(prow.alice, conflicting.number, `/test ${name}`);
      await sleep(5000);
      return undefined;
    });
    return until(`the end of run ${at} of ${name}`, 300, async () => {
      const found = (await runs())[at];
      return found !== undefined && ended(found) ? found : undefined;
    });
  }

  it("needs-rebase labels a change that conflicts, and says how to go on; a rebase removes both", async () => {
    merged = await propose(alice, { path: "greeting.txt", text: "Hello\n", title: "Greet", in: repository });
    conflicting = await propose(alice, { path: "greeting.txt", text: "Hi\n", title: "Greet short", in: repository });
    await merge(merged.number, repository);
    await write(conflicting.head.ref, "Hi there\n");
    await labelled(prow, { in: repository, number: conflicting.number }, "needs-rebase", true);
    await answered(conflicting.number, /PR needs rebase/);
    const at = `/repos/${repository}/git/refs/heads/${conflicting.head.ref}`;
    await prow.alice.call("PATCH", at, { sha: await mainOf(repository), force: true });
    await write(conflicting.head.ref, "Hi\n");
    await labelled(prow, { in: repository, number: conflicting.number }, "needs-rebase", false);
    await until("the end of the robot's comment", 60, async () => {
      const all = await robotSaid(prow, { in: repository, number: conflicting.number });
      return all.some((body) => body.includes("PR needs rebase")) ? undefined : true;
    });
  });

  it("cherrypicker refuses who is no member", async () => {
    await comment(prow.mallory, merged.number, `/cherrypick ${release}`);
    await answered(merged.number, /only .*members may request cherry picks/s);
  });

  it("a member's /cherrypick becomes a pull request of the robot's fork for the release, assigned to who asked", async () => {
    await comment(prow.alice, merged.number, `/cherrypick ${release}`);
    const said = await answered(merged.number, /new pull request created: #\d+/);
    const number = Number(/#(\d+)/.exec(said.slice(said.indexOf("created")))?.[1]);
    const picked = await prow.alice.get<Pulled>(`/repos/${repository}/pulls/${number}`);
    assert.deepEqual([picked.title, picked.base.ref, picked.user.login], [`[${release}] Greet`, release, robot]);
    assert.equal(picked.head.ref, `cherry-pick-${merged.number}-to-${release}`);
    assert.match(picked.body, new RegExp(`This is an automated cherry-pick of #${merged.number}`));
    const { content } = await prow.alice.get<{ content: string }>(
      `/repos/${robot}/kubevirtci/contents/greeting.txt?ref=${picked.head.ref}`,
    );
    assert.equal(Buffer.from(content, "base64").toString(), "Hello\n");
  });

  it("a merged change of the jobs' files is written to the ConfigMap of jobs by config-updater, and Prow knows the job without a restart", async () => {
    const change = {
      path: `${jobs}/kubevirt/farewell.yaml`,
      text: stringify(jobFile),
      title: "Say farewell",
      in: source,
    };
    const { number } = await propose(alice, change);
    await merge(number, source);
    assert.match(await answered(number, /Updated the .*job-config/, source), /farewell\.yaml/);
    assert.equal((await runOf(newJob)).status.state, "success");
  });

  it("a job pulls from Docker Hub through the mirror that its preset names, the second time from the mirror's folder", async () => {
    const fetched = async (): Promise<number> => {
      const { body } = await ask(cluster, "https://registry-1.docker.io/lab/asked");
      const asked = JSON.parse(body) as readonly string[];
      return asked.filter((one) => one.startsWith("GET ") && one.includes("/blobs/")).length;
    };
    const counts: number[] = [];
    for (const at of [0, 1]) {
      const { status } = await runOf(pullJob, at);
      const log = `${folderOf(conflicting.number, status.build_id ?? "", pullJob)}build-log.txt`;
      const printed = await objectText(cluster, prow, log);
      assert.equal(status.state, "success", printed);
      assert.match(printed, /farewell, said Docker Hub's counterpart/);
      counts.push(await fetched());
    }
    // The mirror asks once for the job and once for its folder, and never again.
    assert.deepEqual(counts, [2, 2]);
  });

  it("sinker removes a run of the day before yesterday with its pod, and leaves a younger one", async () => {
    const all = await prowJobs(api, prow, { job: newJob, number: conflicting.number });
    const [old] = all.filter(({ status }) => status.state === "success");
    assert.ok(old !== undefined);
    await comment(prow.alice, conflicting.number, `/test ${newJob}`);
    const young = await until("another run", 120, async () => {
      const runs = await prowJobs(api, prow, { job: newJob, number: conflicting.number });
      return runs.find(({ metadata }) => all.every((one) => one.metadata.name !== metadata.name));
    });
    const pods = `/api/v1/namespaces/${prow.namespaces.jobs}/pods`;
    const job = `/apis/prow.k8s.io/v1/namespaces/${prow.namespaces.jobs}/prowjobs/${old.metadata.name}`;
    assert.ok((await api.find(`${pods}/${old.metadata.name}`)) !== undefined);
    const time = new Date(Date.now() - 49 * 3_600_000).toISOString().replace(/\.\d+/, "");
    await api.patch(job, { status: { startTime: time, pendingTime: time, completionTime: time } });
    await until("the run's end", 180, async () => ((await api.find(job)) === undefined ? true : undefined));
    await until("its pod's end", 180, async () =>
      (await api.find(`${pods}/${old.metadata.name}`)) === undefined ? true : undefined,
    );
    const left = await prowJobs(api, prow, { job: newJob });
    assert.ok(left.some(({ metadata }) => metadata.name === young.metadata.name));
  });

  it("branch-protector's job gives branches the protection that the stack's configuration names, and finds nothing to do after that", async () => {
    interface Configured {
      readonly protect?: boolean;
      readonly branches?: Readonly<Record<string, unknown>>;
    }
    interface Protection {
      readonly required_status_checks: { readonly contexts: readonly string[]; readonly strict?: boolean };
      readonly required_pull_request_reviews: { readonly required_approving_review_count?: number } | null;
    }
    const at = (name: string, branch: string): string => `/repos/${name}/branches/${branch}/protection`;
    // Its client may make 100 calls at once and then none for twenty minutes, so here most of the old releases are gone.
    const gone = /^release-0\.(2\d|3[01])$/;
    for (const [owner, { repos }] of Object.entries(branchProtection.orgs)) {
      for (const [own, { protect, branches = {} }] of Object.entries<Configured>(repos)) {
        const name = `${owner}/${own}`;
        await makeRepository(prow.alice, name);
        const ref = { sha: await mainOf(name) };
        const there = Object.keys(branches).filter((branch) => !gone.test(branch));
        for (const branch of there) {
          await prow.alice.call("POST", `/repos/${name}/git/refs`, { ...ref, ref: `refs/heads/${branch}` });
        }
        // Protected as of old: its client asks three times about a branch that is not.
        for (const branch of [...there, ...(protect === true ? ["main"] : [])]) {
          await prow.alice.call("PUT", at(name, branch), { required_status_checks: { contexts: ["old"] } });
        }
      }
    }
    const job = { namespace: prow.namespaces.prow, cronJob: "branch-protector" };
    await runCronJob(api, job);
    const of = (name: string, branch: string): Promise<Protection> => prow.robot.get(at(name, branch));
    const contexts = async (name: string, branch: string): Promise<readonly string[]> =>
      (await of(name, branch)).required_status_checks.contexts.toSorted();
    const travis = "continuous-integration/travis-ci/pr";
    assert.deepEqual(await contexts("kubevirt/project-infra", "master"), ["dco"]);
    assert.deepEqual(await contexts("kubevirt/kubevirt", "release-0.33"), [travis, "dco"]);
    assert.deepEqual(await contexts("nmstate/kubernetes-nmstate", "release-0.15"), ["dco"]);
    const guide = await of("kubevirt/user-guide", "master");
    assert.equal(guide.required_status_checks.strict, true);
    assert.equal(guide.required_pull_request_reviews?.required_approving_review_count, 1);
    await assert.rejects(of("kubevirt/user-guide", "main"), /404/);
    await runCronJob(api, job);
    assert.deepEqual(await of("kubevirt/user-guide", "master"), guide);
  });

  it("the programs asked the counterpart nothing that it does not know", async () => {
    assert.deepEqual(await prow.alice.get("/lab/unknown"), []);
  });
});
