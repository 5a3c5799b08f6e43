/** Thoth's Kebechet of stack `test` at work on real nodes: from an issue at GitHub to a pull request whose branch was pushed over SSH. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put, withoutPaths } from "../../config/stackEdit.ts";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { demoStackFile, upDemo } from "../../lab/demo/stack.ts";
import { deployThoth, type ThothAtWork, thothStack } from "../../lab/demo/thoth/deploy.ts";
import {
  fileAt,
  type Issue,
  makeRepositories,
  pullOf,
  repository,
  runKebechet,
  write,
} from "../../lab/demo/thoth/steps.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";

const quiet = (): void => undefined;

describe("Thoth at work", function () {
  this.timeout(900_000);
  const cluster = demoSettings(lab);
  let run: Run;
  let thoth: ThothAtWork;
  const request = (by: "alice" | "bob"): Promise<Issue> =>
    thoth[by].call<Issue>("POST", `/repos/${repository}/issues`, { title: "New patch release", body: "" });

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    thoth = await deployThoth(run);
    await makeRepositories(thoth);
  });
  after(() => removeCluster(cluster, quiet));

  it("Kebechet closes the request of somebody who is no maintainer, and pushes nothing", async () => {
    const issue = await request("bob");
    const { succeeded, log } = await runKebechet(run, thoth);
    assert.ok(succeeded, log);
    const at = `/repos/${repository}/issues/${issue.number}`;
    assert.equal((await thoth.bob.get<Issue>(at)).state, "closed", log);
    const [comment] = await thoth.bob.get<readonly { body: string; user: { login: string } }[]>(`${at}/comments`);
    assert.match(comment?.body ?? "", /you are not stated in maintainers/);
    assert.equal(comment?.user.login, "sesheta", "the token's owner");
    assert.equal(await pullOf(thoth, "v0.1.1"), undefined);
  });

  it("a maintainer's request becomes a branch that is pushed over SSH, and a pull request", async () => {
    await write(thoth, repository, "README.md", "A change that the changelog names.\n");
    const issue = await request("alice");
    const { succeeded, log } = await runKebechet(run, thoth);
    assert.ok(succeeded, log);
    assert.match(log, /Kebechet version: '1\.0\.9'/);
    assert.match(log, /Cloning repository git@github\.com:thoth-station\/srcops-testing\.git/);
    const pull = await pullOf(thoth, "v0.1.1");
    assert.ok(pull !== undefined, log);
    assert.equal(pull.title, "Release of version 0.1.1");
    assert.equal(pull.base.ref, "master");
    assert.equal(pull.user.login, "sesheta");
    assert.deepEqual(
      pull.labels.map(({ name }) => name),
      ["bot"],
    );
    assert.match(pull.body, new RegExp(`Related: #${issue.number}[^]*Write README.md`));
    assert.equal(await fileAt(thoth, "v0.1.1", "version.py"), '__version__ = "0.1.1"\n');
    assert.equal(await fileAt(thoth, "master", "version.py"), '__version__ = "0.1.0"\n');
    const assigned = await thoth.alice.get<Issue>(`/repos/${repository}/issues/${issue.number}`);
    assert.deepEqual(
      assigned.assignees.map(({ login }) => login),
      ["sesheta"],
    );
  });

  it("the pull request is on GitHub's page in a browser, and GitHub was asked for nothing that it does not know", async () => {
    const url = (await pullOf(thoth, "v0.1.1"))?.html_url ?? "";
    assert.equal((await ask(cluster, url)).status, 200);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-thoth-"));
    try {
      const [picture = ""] = await takePictures(cluster, folder, [
        { name: "thoth", url, shows: "Release of version 0.1.1" },
      ]);
      assert.ok(statSync(picture).size > 5000, picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.deepEqual(await thoth.alice.get<readonly string[]>("/lab/unknown"), []);
  });

  it("two bots are taken away and brought back by their settings, and no pod and CronJob of another bot is touched", async () => {
    const all = await bots();
    const chosen = ["CronJob kebechet", "Deployment sesheta-webhooks"];
    for (const one of chosen) assert.ok(all.has(one), one);
    const file = demoStackFile(run, thothStack.name);
    const at = (...keys: readonly string[]): string[] => ["config", "thoth:settings", ...keys];
    const fewer = put(readFileSync(file, "utf8"), at("bots", "kebechet", "enabled"), false);
    const without = withoutPaths(fewer, [at("ultrahook", "tunnels", "webhooks")]);
    writeFileSync(file, put(without, at("bots", "sesheta", "webhooks"), false));
    await upDemo(run, thothStack);
    const isOf = ([name]: readonly [string, string]): boolean => chosen.includes(name) || /sesheta-webhooks/.test(name);
    const others = new Map([...all].filter((one) => !isOf(one)));
    const left = await until("the end of sesheta-webhooks' pod", 120, async () => {
      const now = await bots();
      return [...now].some(isOf) ? undefined : now;
    });
    assert.deepEqual(left, others);
    await deployThoth(run);
    const again = await bots();
    for (const one of chosen) assert.ok(again.has(one), one);
    assert.deepEqual(new Map([...again].filter((one) => !isOf(one))), others);
    const { succeeded, log } = await runKebechet(run, thoth);
    assert.ok(succeeded, log);
  });

  /** UIDs of the bots' CronJobs, Deployments and their pods, by kind and name. */
  async function bots(): Promise<ReadonlyMap<string, string>> {
    const api = kubeApi(cluster);
    const of = async (kind: string, at: string, words = ""): Promise<[string, string][]> =>
      (await api.list(`${at.replace("NAMESPACE", `namespaces/${thoth.namespace}`)}${words}`)).map(({ metadata }) => [
        `${kind} ${metadata.name}`,
        metadata.uid ?? "",
      ]);
    const found = [
      await of("CronJob", "/apis/batch/v1/NAMESPACE/cronjobs"),
      await of("Deployment", "/apis/apps/v1/NAMESPACE/deployments"),
      await of("Pod", "/api/v1/NAMESPACE/pods", "?labelSelector=pod-template-hash"),
    ];
    return new Map(found.flat().sort(([a], [b]) => a.localeCompare(b)));
  }
});
