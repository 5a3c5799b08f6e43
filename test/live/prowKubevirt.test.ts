/**
 * What KubeVirt adds to Prow, on real nodes, with everything else of Prow's: labels from a file, blocked releases, rehearsals of changed
 * jobs, and pulls through a proxy. These programs are in no package: the lab's own stand in their places, on Prow's packages
 * and Debian's nginx. So this shows that flags, Secrets, accounts, Services, policies and certificates are enough for such programs,
 * and not that the real ones do the same.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { stringify } from "yaml";
import { labels } from "../../components/prow/files/base/labels.ts";
import { newestTree, trees } from "../../components/prow/files/base/trees.ts";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { runCronJob } from "../../lab/demo/cronJobs.ts";
import { makeRepository, propose, type PullRequest, statusOf } from "../../lab/demo/github.ts";
import { ask, type Person } from "../../lab/demo/outside.ts";
import { deployProw, type ProwAtWork } from "../../lab/demo/prow/deploy.ts";
import { comment, folderOf, objectText, prowJobs, repository } from "../../lab/demo/prow/steps.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { ended, labelled, presubmit, robotSaid, robotSays } from "./prow/change.ts";

const cluster = demoSettings(lab);
const api = kubeApi(cluster);
const quiet = (): void => undefined;
const source = "kubevirt/project-infra";
const tree = trees[newestTree];
const release = "release-1.0";
const farewell = "check-farewell";
const pullJob = "pull-by-proxy";

/** Asks as podman would by the preset's variables: for the layer twice, and for a host that the proxy only leads to. */
const pull = String.raw`
get() { curl --silent --show-error --fail --suppress-connect-headers --proxy "$CONTAINER_HTTPS_PROXY" --cacert "$CA_CERT_FILE" "$@"; }
at=https://registry-1.docker.io/v2/library/farewell
layer=$(get "$at/manifests/1" | sed 's/.*"layers":.*"digest":"\([^"]*\)".*/\1/')
get "$at/blobs/$layer"
get --dump-header - --output /dev/null "$at/blobs/$layer"
curl --silent --proxy "$CONTAINER_HTTPS_PROXY" --output /dev/null --write-out 'tunnelled %{http_connect} %{http_code}\n' https://api.github.com/user
[ "$(curl --silent "$CONTAINER_HTTPS_PROXY/ca.crt")" = "$(cat "$CA_CERT_FILE")" ] && echo the proxy gives the same authority`;

interface Label {
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
}

describe("what KubeVirt adds to Prow", function () {
  this.timeout(1_500_000);
  let prow: ProwAtWork;
  let alice: { readonly person: Person; readonly login: string };
  let change: PullRequest;

  before(async () => {
    await removeCluster(cluster, quiet);
    prow = await deployProw(await startCluster(cluster, quiet));
    alice = { person: prow.alice, login: "alice" };
    for (const name of [repository, source]) await makeRepository(prow.alice, name);
    const { object } = await prow.alice.get<{ object: { sha: string } }>(`/repos/${repository}/git/refs/heads/main`);
    await prow.alice.call("POST", `/repos/${repository}/git/refs`, { ref: `refs/heads/${release}`, sha: object.sha });
    change = await propose(alice, { path: "greeting.txt", text: "Hello\n", title: "Greet", in: repository });
  });
  after(() => removeCluster(cluster, quiet));

  const here = (): { in: string; number: number } => ({ in: repository, number: change.number });
  const labelsOf = (name: string): Promise<readonly Label[]> => prow.alice.get(`/repos/${name}/labels`);

  it("label_sync's job gives repositories the labels of the file, renames old ones where they are used, gives issues the new name of others, and finds nothing to do in the end", async () => {
    const wanted = (name: keyof typeof labels.repos) =>
      [...labels.default.labels, ...(labels.repos[name]?.labels ?? [])].map((one) => [one.name, one.color].join(" "));
    await prow.alice.call("POST", `/repos/${repository}/labels`, { name: "size-S", color: "f9d0c4" });
    await prow.alice.call("POST", `/repos/${repository}/labels`, { name: "kind/bug", color: "000000" });
    await prow.alice.call("POST", `/repos/${repository}/labels`, { name: "our own", color: "123456" });
    // One whose new name is there already.
    for (const name of ["size-M", "size/M"]) {
      await prow.alice.call("POST", `/repos/${repository}/labels`, { name, color: "f9d0c4" });
    }
    const both = { labels: ["size-S", "size-M"] };
    await prow.alice.call("POST", `/repos/${repository}/issues/${change.number}/labels`, both);
    const job = { namespace: prow.namespaces.prow, cronJob: "label-sync-kubevirt" };
    await runCronJob(api, job);
    for (const name of [repository, source]) {
      const there = (await labelsOf(name)).map((one) => [one.name, one.color].join(" "));
      assert.deepEqual(
        wanted(name).filter((one) => !there.includes(one)),
        [],
        name,
      );
    }
    const names = (await labelsOf(repository)).map(({ name }) => name);
    assert.ok(names.includes("our own") && !names.includes("size-S"), names.join(", "));
    for (const size of ["S", "M"]) {
      await labelled(prow, here(), `size/${size}`, true);
      await labelled(prow, here(), `size-${size}`, false);
    }
    await runCronJob(api, job);
    const before = await labelsOf(repository);
    assert.ok(!before.some(({ name }) => name === "size-M"), "no issue had it any more");
    await runCronJob(api, job);
    assert.deepEqual(await labelsOf(repository), before);
  });

  it("release-blocker labels what its owners say, refuses others and branches that do not exist, and undoes labels by hand", async () => {
    const label = `release-blocker/${release}`;
    await comment(prow.alice, change.number, `/release-blocker ${release}`);
    await robotSays(prow, here(), /Only approvers of the topmost OWNERS file/);
    await comment(prow.bob, change.number, "/release-blocker release-9");
    await robotSays(prow, here(), /no branch release-9/);
    await comment(prow.bob, change.number, `/release-blocker ${release}`);
    await labelled(prow, here(), label, true);
    await prow.alice.call("DELETE", `/repos/${repository}/issues/${change.number}/labels/${encodeURIComponent(label)}`);
    await robotSays(prow, here(), /Label .* is unlabeled by the command/);
    await labelled(prow, here(), label, true);
    await comment(prow.bob, change.number, `/release-blocker cancel ${release}`);
    await labelled(prow, here(), label, false);
  });

  it("rehearse runs a changed job before it is merged, for those who may, as the change would have it", async () => {
    const config = await api.get<{ data: Record<string, string> }>(
      `/api/v1/namespaces/${prow.namespaces.prow}/configmaps/config`,
    );
    const put = (path: string, text: string): Promise<unknown> =>
      prow.alice.call("PUT", `/repos/${source}/contents/${path}`, {
        ...{ message: `Add ${path}`, content: Buffer.from(text).toString("base64") },
      });
    await put(tree.config, config.data["config.yaml"] ?? "");
    const command = ["sh", "-c", "pwd; echo farewell"];
    const proposal = await propose(alice, {
      path: `${tree.jobs}/kubevirt/farewell.yaml`,
      text: stringify({ presubmits: { [repository]: [presubmit(farewell, { command })] } }),
      ...{ title: "Say farewell", in: source },
    });
    const at = { in: source, number: proposal.number };
    const rehearsal = `rehearsal-${farewell}`;
    await comment(prow.mallory, at.number, "/rehearse", source);
    await comment(prow.alice, at.number, "/rehearse", source);
    await robotSays(prow, at, /@alice has to be an approver of all changed files[^]*farewell\.yaml/);
    await comment(prow.bob, at.number, "/rehearse ?", source);
    await robotSays(prow, at, new RegExp(`can be rehearsed[^]*\n${farewell}\n`));
    assert.deepEqual(await prowJobs(api, prow, { job: rehearsal }), []);
    await comment(prow.bob, at.number, "/rehearse", source);
    await robotSays(prow, at, new RegExp(`were made[^]*\n${rehearsal}\n`));
    const run = await until("the rehearsal's end", 300, async () =>
      (await prowJobs(api, prow, { job: rehearsal, number: at.number })).find(ended),
    );
    const folder = `pr-logs/pull/${source.replace("/", "_")}/${at.number}/${rehearsal}/${run.status.build_id ?? ""}/`;
    const printed = await objectText(cluster, prow, `${folder}build-log.txt`);
    assert.equal(run.status.state, "success", printed);
    // The repository that the job is for was cloned as its work folder.
    assert.match(printed, /\/kubevirt\/kubevirtci\nfarewell/);
    const status = await until("its status at GitHub", 120, () =>
      statusOf(prow.alice, proposal.head.sha, rehearsal, source),
    );
    assert.ok(["pending", "success"].includes(status.state), status.state);
    const said = (await robotSaid(prow, at)).filter((body) => /were made/.test(body));
    const made = await prowJobs(api, prow, { job: rehearsal });
    assert.deepEqual([said.length, made.length], [1, 1], "mallory's and alice's commands made none");
  });

  it("a job pulls through docker-mirror-proxy, whose authority it trusts: the second time from the proxy's folder; other hosts are tunnelled", async () => {
    const jobs = { presubmits: { [repository]: [pullThroughProxy()] } };
    const proposal = await propose(alice, {
      ...{ path: `${tree.jobs}/kubevirt/pull.yaml`, text: stringify(jobs), title: "Pull by proxy", in: source },
    });
    await prow.alice.call("PUT", `/repos/${source}/pulls/${proposal.number}/merge`, { merge_method: "squash" });
    await robotSays(prow, { in: source, number: proposal.number }, /Updated the .*job-config/);
    await until("a run of the job", 300, async () => {
      if ((await prowJobs(api, prow, { job: pullJob, number: change.number })).length > 0) return true;
      await comment(prow.alice, change.number, `/test ${pullJob}`);
      await sleep(5000);
      return undefined;
    });
    const run = await until("the job's end", 300, async () =>
      (await prowJobs(api, prow, { job: pullJob, number: change.number })).find(ended),
    );
    const log = `${folderOf(change.number, run.status.build_id ?? "", pullJob)}build-log.txt`;
    const printed = await objectText(cluster, prow, log);
    assert.equal(run.status.state, "success", printed);
    assert.match(printed, /farewell, said Docker Hub's counterpart/);
    assert.match(printed, /X-Docker-Registry-Proxy-Cache-Upstream-Status: HIT/);
    // By the lab's own authority, which is not the proxy's: nobody is known there without a token.
    assert.match(printed, /tunnelled 200 401/);
    assert.match(printed, /the proxy gives the same authority/);
    const { body } = await ask(cluster, "https://registry-1.docker.io/lab/asked");
    const asked = JSON.parse(body) as readonly string[];
    assert.equal(asked.filter((one) => one.startsWith("GET ") && one.includes("/blobs/")).length, 1, body);
  });

  it("the programs asked the counterpart nothing that it does not know", async () => {
    assert.deepEqual(await prow.alice.get("/lab/unknown"), []);
  });
});

/** The job of the last test but one. */
function pullThroughProxy(): object {
  const container = { image: "orrery.lab/tools:1", command: ["bash", "-ec", pull] };
  return presubmit(pullJob, container, { "preset-docker-mirror-proxy": "true" });
}
