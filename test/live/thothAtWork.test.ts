/**
 * Thoth of stack `test` at work on real nodes: Kebechet from an issue at GitHub to a pull request whose branch was pushed over SSH;
 * webhooks through the tunnels to Kafka, to the chat and back to GitHub; nodepool from Zuul's request in ZooKeeper to a pod in which
 * commands run.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { deployThoth, jobNodes, type ThothAtWork } from "../../lab/demo/thoth/deploy.ts";
import { atZuul, imageOf, nodeOf, runJob } from "../../lab/demo/thoth/jobs.ts";
import {
  fileAt,
  type Issue,
  makeRepositories,
  pullOf,
  repository,
  runKebechet,
  write,
} from "../../lab/demo/thoth/steps.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { until } from "../../lab/demo/until.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";
import { describeTunnels } from "./thoth/tunnels.ts";

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
    // The Review Manager adds one of its own.
    assert.ok(pull.labels.some(({ name }) => name === "bot"));
    assert.match(pull.body, new RegExp(`Related: #${issue.number}[^]*Write README.md`));
    assert.equal(await fileAt(thoth, "v0.1.1", "version.py"), '__version__ = "0.1.1"\n');
    assert.equal(await fileAt(thoth, "master", "version.py"), '__version__ = "0.1.0"\n');
    const assigned = await thoth.alice.get<Issue>(`/repos/${repository}/issues/${issue.number}`);
    assert.deepEqual(
      assigned.assignees.map(({ login }) => login),
      ["sesheta"],
    );
  });

  describe("webhooks through the tunnels", () => {
    describeTunnels(() => ({ run, thoth }));
  });

  it("the pull request is on GitHub's page in a browser", async () => {
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
  });

  describe("Zuul's nodepool", () => {
    it("the ImageStreams of the nodes have the image of the lab's registry", async () => {
      assert.match(await imageOf(run, "thoth-pytest", "ubi8"), /^sha256:[0-9a-f]{64}$/);
    });

    it("a node of a label with minReady waits ready, with the processor and memory of the settings", async () => {
      const { spec } = await nodeOf(run, "thoth-python36");
      const asked = { cpu: "1", memory: "1Gi" };
      assert.deepEqual(spec.containers[0]?.resources, { requests: asked, limits: asked });
      assert.match(await atZuul(run, "nodepool", "list"), /thoth-python36 .*ready/);
    });

    it("Zuul's request becomes a pod of the stream's image; commands and a port reach it with the account's token; then it is removed", async () => {
      const commands = [
        "id -u",
        "printf 'def test_sum():\\n    assert 1 + 1 == 2\\n' >/tmp/test_sum.py && pytest -q /tmp/test_sum.py",
        "exit 3",
      ];
      const { job, pod } = await runJob(run, "thoth-pytest", commands);
      const { pod: name, namespace, provider, connection_type, skiptls } = job;
      assert.deepEqual(
        { name, namespace, provider, connection_type, skiptls },
        {
          ...{
            name: pod.metadata.name,
            namespace: jobNodes,
            provider: "psi",
            connection_type: "kubectl",
            skiptls: false,
          },
        },
      );
      const digest = await imageOf(run, "thoth-pytest", "ubi8");
      const image = `image-registry.openshift-image-registry.svc:5000/${jobNodes}/thoth-pytest:${digest.replace(":", "-")}`;
      assert.equal(pod.spec.containers[0]?.image, image, "the name of the label's image means the stream's tag");
      assert.match(pod.status.containerStatuses?.[0]?.imageID ?? "", new RegExp(`${digest}$`));
      const [user, tests, failing] = job.ran;
      assert.match(user?.output ?? "", /^10\d{8}$/, "a user of the namespace's range");
      assert.match(tests?.output ?? "", /1 passed/);
      assert.deepEqual(
        job.ran.map(({ code }) => code),
        [0, 0, 3],
        failing?.output,
      );
      assert.equal(job.forwarded, `user ${user?.output ?? ""} of ${name}`);
      const left = await atZuul(run, "kubectl", "get", "pods", "-o", "name");
      assert.doesNotMatch(left, new RegExp(name));
      assert.doesNotMatch(await atZuul(run, "nodepool", "list"), new RegExp(name));
    });

    it("a label that the pool does not have is refused", async () => {
      await assert.rejects(atZuul(run, "zuul-node", "thoth-unknown", "id"), /nodepool cannot fulfil the request/);
    });

    it("the account may do what the drivers call in its namespace, and nothing elsewhere", async () => {
      const may = (verb: string, resource: string, namespace: string): Promise<string> =>
        atZuul(run, "sh", "-c", `kubectl auth can-i ${verb} ${resource} -n ${namespace} || true`);
      assert.match(await may("create", "pods", jobNodes), /^yes/);
      assert.match(await may("get", "secrets", jobNodes), /no/);
      assert.match(await may("list", "pods", thoth.namespace), /no/);
    });
  });

  describe("a changed deployment", () => {
    interface Pod extends KubeObject {
      readonly status: {
        readonly phase: string;
        readonly containerStatuses?: readonly { readonly restartCount: number }[];
      };
    }
    const pods = async (namespace: string): Promise<readonly Pod[]> =>
      (await kubeApi(cluster).list<Pod>(`/api/v1/namespaces/${namespace}/pods`)).filter(
        ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === "Running",
      );
    const of = (all: readonly Pod[], start: string): readonly string[] =>
      all.filter(({ metadata }) => metadata.name.startsWith(start)).map(({ metadata }) => metadata.uid ?? "");
    let earlier: readonly Pod[];

    before(async () => {
      earlier = await pods(thoth.namespace);
      await deployThoth(run, { off: ["kebechet.enabled", "regidores.normalizers"], operatorRestart: 60 });
    });

    it("a bot that is switched off is gone, and those that stay keep their pods", async () => {
      assert.equal(of(earlier, "normalizers-").length, 1);
      const now = await until("the end of the normalizers", 120, async () => {
        const all = await pods(thoth.namespace);
        return of(all, "normalizers-").length === 0 ? all : undefined;
      });
      for (const name of ["sesheta-webhooks-", "webhook2kafka-", "review-manager-webhooks-"]) {
        assert.equal(of(now, name).length, 1, name);
        assert.deepEqual(of(now, name), of(earlier, name), name);
      }
      const jobs = await kubeApi(cluster).list(`/apis/batch/v1/namespaces/${thoth.namespace}/cronjobs`);
      const names = jobs.map(({ metadata }) => metadata.name);
      assert.ok(!names.includes("kebechet") && names.includes("nepthys"), names.join(", "));
    });

    it("the kubelet restarts the station's operators, whose watch stops, and no other program of the station", async () => {
      const restarts = async (): Promise<ReadonlyMap<string, number> | undefined> => {
        const all = await pods("thoth-test-core");
        const found = new Map(
          all.map(({ metadata, status }) => [metadata.name, status.containerStatuses?.[0]?.restartCount ?? 0]),
        );
        const operators = [...found].filter(([name]) => operator.test(name));
        return operators.length >= 2 && operators.every(([, count]) => count > 0) ? found : undefined;
      };
      const operator = /^(workload-operator|graph-sync-scheduler)-/;
      const found = await until("a restart of each operator", 300, restarts);
      assert.deepEqual(
        [...found].filter(([name, count]) => !operator.test(name) && count > 0),
        [],
      );
    });

    it("a bot that is switched on again runs", async () => {
      // With the station: what a stack no longer names is deleted only when somebody says so.
      await deployThoth(run, { operatorRestart: 1800 });
      await until("the normalizers", 120, async () => of(await pods(thoth.namespace), "normalizers-")[0]);
      const at = `/apis/batch/v1/namespaces/${thoth.namespace}/cronjobs/kebechet`;
      assert.equal((await kubeApi(cluster).get(at)).metadata.name, "kebechet");
    });
  });
});
