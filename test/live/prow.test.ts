/** Prow's three environments together on the lab's cluster, in containers. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { sample } from "../../config/samples.ts";
import { hmacToken, delivery } from "../../ops/lib/prow/smoke.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { type Outcome, pulumi } from "../../lab/harness/engine.ts";
import { api, type KubeObject } from "../../lab/harness/kube.ts";
import { type Github, startGithub } from "./prow/github.ts";
import { memberAtGithub, owner, payloadOf, pullRequest, releasingPods } from "./prow/proposal.ts";
import { type PullRequest, webhook } from "../../lab/demo/github.ts";
import { forward } from "../../lab/demo/kubectl.ts";
import { ask } from "../../lab/demo/outside.ts";
import { toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

interface ProwJob extends KubeObject {
  readonly spec: {
    readonly job: string;
    readonly refs: { readonly pulls: readonly { readonly number: number; readonly sha: string }[] };
  };
}

const environments = {
  test: { prow: "kubernetes-prow", prefix: "" },
  stage: { prow: "staging-kubevirt-prow", prefix: "staging-" },
  prod: { prow: "kubevirt-prow", prefix: "" },
} as const;
type Name = keyof typeof environments;

const names = Object.keys(environments) as readonly Name[];
const jobsOf = (name: Name): string => `${environments[name].prow}-jobs`;
const prowJobs = (name: Name): string => `/apis/prow.k8s.io/v1/namespaces/${jobsOf(name)}/prowjobs`;
/** Where each has its webhook. */
const hosts = {
  test: "hook.prowdeploy.ci",
  stage: "kubevirt-stg-aa0fc76a511b88d3d7a618e3072828e1-0000.us-south.containers.appdomain.cloud",
};
const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prowjobs.prow.k8s.io";

describe("Prow's three environments on the lab", function () {
  this.timeout(900_000);
  const stacks = new Map<Name, SystemOnLab>();
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-prow-"));
  let github: Github;
  const stack = (name: Name): SystemOnLab => {
    const found = stacks.get(name);
    assert.ok(found);
    return found;
  };

  before(async () => {
    github = await startGithub();
    for (const name of names) stacks.set(name, await SystemOnLab.open("prow", name));
  });
  after(async () => {
    github.close();
    rmSync(folder, { recursive: true, force: true });
    for (const [name, one] of stacks) {
      const jobs = jobsOf(name);
      await releasingPods(jobs, () => one.close(environments[name].prow, jobs));
    }
    // The kind stays for other environments; here there are none.
    if ((await api.find(definition)) !== undefined) await api.delete(definition);
  });

  it("the three environments come up one after the other", async () => {
    for (const name of names) await stack(name).assertDeploys();
  });

  it("each environment is as declared while the others exist, and a second up changes nothing", async () => {
    for (const name of names) {
      await stack(name).assertDeployed();
      await stack(name).assertNoChanges();
    }
  });

  it("a node that the cluster does not have is refused, and not created", async () => {
    const { target } = stack("test");
    const up = (): Promise<Outcome> => pulumi(["up", "--yes", "--skip-preview"], target);
    const wrong = await stack("test").with([[["prow:settings", "nodes", "node09"], ["worker"]]], up);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.text, /node09.*(not found|does not exist)/);
    assert.equal(await api.find("/api/v1/nodes/node09"), undefined);
  });

  it("accounts have their permissions in their own namespaces, and none in the others'", async () => {
    const canI = async (account: string, verb: string, resource: string, namespace: string): Promise<string> => {
      const as = `--as=system:serviceaccount:${account}`;
      const [kind = "", subresource] = resource.split("/");
      const what = subresource === undefined ? [kind] : [kind, `--subresource=${subresource}`];
      const words = ["auth", "can-i", verb, ...what, as, "-n", namespace];
      const { stdout } = await promisify(execFile)("kubectl", words).catch(
        (error: unknown) => error as { stdout: string },
      );
      return stdout.trim();
    };
    for (const name of names) {
      const { prow, prefix } = environments[name];
      const other = jobsOf(name === "prod" ? "stage" : "prod");
      const hook = `${prow}:${prefix}hook`;
      assert.deepEqual(
        await Promise.all([
          canI(hook, "create", "prowjobs.prow.k8s.io", jobsOf(name)),
          canI(`${prow}:${prefix}prow-controller-manager`, "create", "pods", jobsOf(name)),
          canI(`${prow}:${prefix}deck`, "get", "pods/log", jobsOf(name)),
          canI(`${prow}:${prefix}sinker`, "delete", "pods", jobsOf(name)),
          canI(hook, "create", "prowjobs.prow.k8s.io", other),
          canI(`${prow}:${prefix}prow-controller-manager`, "create", "pods", other),
          canI(hook, "get", "secrets", prow),
          canI(`${prow}:${prefix}sinker`, "delete", "pods", prow),
        ]),
        ["yes", "yes", "yes", "yes", "no", "no", "no", "no"],
        name,
      );
    }
  });

  describe("with a pull request at GitHub", () => {
    let change: PullRequest;
    let body: string | undefined;
    const hookOf = (name: keyof typeof hosts): string =>
      `https://${hosts[name]}${name === "stage" ? "/staging-hook" : "/hook"}`;
    const hmac = async (name: Name): Promise<string> => {
      const { prow, prefix } = environments[name];
      const { data } = await api.get<{ data: { hmac: string } }>(
        `/api/v1/namespaces/${prow}/secrets/${prefix}hmac-token`,
      );
      return hmacToken(Buffer.from(data.hmac, "base64").toString());
    };
    before(async () => {
      const alice = await memberAtGithub();
      const deployed = ["test", "stage"] as const;
      const hooks: number[] = [];
      for (const name of deployed) hooks.push(await webhook(alice, owner, hookOf(name), await hmac(name)));
      change = await pullRequest(alice, ...deployed.map(hookOf));
      body = await eventually(
        "GitHub's delivery",
        () => payloadOf(alice, hooks[0] ?? 0, "pull_request"),
        (found) => found !== undefined,
      );
    });

    for (const name of ["test", "stage"] as const) {
      it(`it becomes one ProwJob of ${name}, in its own namespace; a wrong signature is refused`, async () => {
        const [job, ...more] = await eventually(
          "a ProwJob",
          () => api.list<ProwJob>(prowJobs(name)),
          (found) => found.length > 0,
        );
        assert.deepEqual(more, []);
        assert.equal(job?.spec.job, "test-job");
        assert.deepEqual(
          job.spec.refs.pulls.map(({ number, sha }) => [number, sha]),
          [[change.number, change.head.sha]],
        );
        const headers = { ...delivery("pull_request", body ?? "", `${await hmac(name)}?`) };
        assert.equal((await ask(lab, hookOf(name), { method: "POST", headers, body: body ?? "" })).status, 403);
        assert.equal((await api.list(prowJobs(name))).length, 1);
        assert.deepEqual(await api.list(prowJobs("prod")), []);
      });
    }

    it("verify finds everything in order, and reports a broken service", async () => {
      const run = { lab, toolchain: toolchainFolders(), log: () => undefined };
      const [hook, deck] = await Promise.all([
        forward(run, "kubernetes-prow", "service/hook", 8888),
        forward(run, "kubernetes-prow", "service/deck", 80),
      ]);
      const url = `http://127.0.0.1:${hook.port}`;
      const verify = (at: string) =>
        stack("test").ops(["verify", "--gcsweb", "none", "--deck", `http://127.0.0.1:${deck.port}`, "--hook", at]);
      try {
        const whole = await verify(`${url}/hook`);
        assert.equal(whole.code, 0, whole.stdout + whole.stderr);
        // As if a proxy rewrote the path: hook answers 200 to everything there.
        const swallowed = await verify(`${url}/`);
        assert.equal(swallowed.code, 1, swallowed.stdout);
        assert.match(swallowed.stdout, /WRONG {2}answer {2}.* with a wrong signature: answers 200, not 403/);
        hook.close();
        const broken = await verify(`${url}/hook`);
        assert.equal(broken.code, 1, broken.stdout);
        assert.match(broken.stdout, /WRONG {2}answer {2}\S+\/hook with a ping: does not answer/);
      } finally {
        hook.close();
        deck.close();
      }
    });

    it("verify and status name the pod, container and cause of a service whose new image does not exist", async () => {
      const at = "/apis/apps/v1/namespaces/kubernetes-prow/deployments/tide";
      interface Deployment {
        readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { image: string }[] } } };
      }
      const { containers } = (await api.get<Deployment>(at)).spec.template.spec;
      const images = (image?: string): Promise<unknown> =>
        api.patch(at, {
          spec: {
            template: { spec: { containers: containers.map((one) => ({ ...one, image: image ?? one.image })) } },
          },
        });
      await images("quay.io/orrery/nothing:1");
      const status = (...words: readonly string[]) =>
        stack("test").opsOf("status", ["--only", "workloads", "--limit", "1m", ...words]);
      const settled = await eventually(
        "the refusal",
        () => status(),
        ({ stdout }) => /ErrImagePull|ImagePullBackOff/.test(stdout),
      );
      assert.equal(settled.code, 1, settled.stdout);
      assert.match(settled.stdout, /BAD +kubernetes-prow\/tide: 0 of 1 pods are ready: pod tide-\S+, container tide: /);
      const pods = await stack("test").ops(["verify", "--gcsweb", "none", "--deck", "none", "--hook", "none"]);
      assert.match(pods.stdout, /WRONG {2}state {3}Deployment kubernetes-prow\/tide/);
      await images();
      const again = await status("--wait", "1m");
      assert.equal(again.code, 0, again.stdout);
    });
  });

  // A suite of its own, as mocha runs the tests of a suite before the suites in it.
  describe("afterwards", () => {
    it("a tree of jobs is loaded where the updater owns the ConfigMaps, and the next up leaves it alone", async () => {
      const tree = path.join(folder, "github/ci/prow-deploy/files/jobs/kubevirt/kubevirt");
      mkdirSync(tree, { recursive: true });
      const filler = `# ${"jobs ".repeat(2000)}\n`;
      for (let index = 0; index < 90; index++) {
        const job = `{name: job-${index}, cron: '0 0 1 1 *', decorate: true, spec: {containers: [{image: "a:1", command: [a]}]}}`;
        writeFileSync(path.join(tree, `kubevirt-periodics-${index}.yaml`), `${filler}periodics: [${job}]\n`);
      }
      const refused = await stack("stage").ops(["bootstrap", "--jobs", folder]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /job-config of stage-prow is owned by the program/);
      const loaded = await stack("prod").ops(["bootstrap", "--jobs", folder]);
      assert.equal(loaded.code, 0, loaded.stderr);
      const live = await api.get<{ binaryData?: Record<string, string> }>(
        "/api/v1/namespaces/kubevirt-prow/configmaps/job-config",
      );
      assert.equal(Object.keys(live.binaryData ?? {}).length, 90);
      const text = gunzipSync(Buffer.from(live.binaryData?.["kubevirt-periodics-7.yaml"] ?? "", "base64")).toString();
      assert.match(text, /name: job-7,/);
      writeFileSync(path.join(tree, "bad.yaml"), "periodics: [{name: bad, labels: {preset-gone: 'true'}}]\n");
      const wrong = await stack("prod").ops(["bootstrap", "--jobs", folder]);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /bad\.yaml: job bad names preset-gone, and no preset has that label/);
      await stack("prod").assertNoChanges();
    });

    it("an environment is deployed only with a token that may do no more than it should", async () => {
      const token = (...more: string[]) => stack("stage").ops(["token", "--github-endpoint", github.url, ...more]);
      const good = await token();
      assert.equal(good.stdout, "the token is lab-bot's, with read:user\n");
      github.scopes = "repo, read:user";
      const more = await token();
      github.scopes = "read:user";
      assert.equal(more.code, 1);
      assert.match(more.stderr, /may do more than this environment should: it has repo, and only read:user is allowed/);
      const empty = path.join(folder, "empty");
      writeFileSync(empty, "\n");
      const none = await token("--token-file", empty);
      assert.equal(none.code, 1);
      assert.match(none.stderr, /there is no GitHub token: \S+ is empty/);
      const deployed = await stack("stage").ops(["converge", "--github-endpoint", github.url, "--token-file", empty]);
      assert.equal(deployed.code, 1);
      assert.match(deployed.stderr, /there is no GitHub token/);
    });

    it("artifacts describe an environment without a Secret", async () => {
      const at = path.join(folder, "artifacts");
      const collected = await stack("stage").ops(["artifacts", "--artifacts", at]);
      assert.equal(collected.code, 0, collected.stderr);
      for (const file of ["get_all.yaml.gz", "host-netstat.txt", "port-map.txt", "jobs/roles/staging-hook"])
        assert.ok(existsSync(path.join(at, file)), file);
      const pods = readdirSync(path.join(at, "pods"));
      assert.ok(
        pods.some((one) => one.startsWith("staging-deck-")),
        pods.join(),
      );
      assert.match(readFileSync(path.join(at, "pods", pods[0] ?? ""), "utf8"), /==== description\n[^]*==== logs\n/);
      const secret = sample("token", "prow:githubToken");
      for (const file of readdirSync(at, { recursive: true, encoding: "utf8" })) {
        const whole = path.join(at, file);
        if (!/\.\w+$|\//.test(file) || !existsSync(whole)) continue;
        const text = await promisify(execFile)("sh", ["-c", 'test -d "$0" || zcat -f "$0"', whole], {
          maxBuffer: 1 << 26,
        });
        assert.ok(!text.stdout.includes(secret), file);
      }
    });

    it("a service can be given memory and be debugged", async () => {
      const given = await stack("prod").ops(["memory", "tide", "2Gi"]);
      assert.equal(given.code, 0, given.stderr);
      interface Deployment {
        readonly spec: {
          readonly template: { readonly spec: { readonly containers: readonly { resources: object }[] } };
        };
      }
      const { spec } = await api.get<Deployment>("/apis/apps/v1/namespaces/kubevirt-prow/deployments/tide");
      const { resources } = spec.template.spec.containers[0] as { resources: { limits: object; requests: object } };
      assert.deepEqual(
        [resources.limits, resources.requests].map((one) => (one as { memory: string }).memory),
        ["2Gi", "2Gi"],
      );
      const script = await stack("prod").ops(["debug", "tide", "--script"]);
      assert.match(script.stdout, /git checkout --quiet 7593870dc\n/);
      assert.match(script.stdout, /go run \.\/cmd\/tide .*--config-path=\/etc\/config\/config\.yaml/);
      const unknown = await stack("prod").ops(["logs", "plank"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /there is no service "plank"; there are .*prow-controller-manager/);
    });

    it("an environment is rendered into one file that the API accepts", async () => {
      const out = path.join(folder, "prow-deploy.yaml");
      const written = await stack("stage").ops(["render", "--out", out]);
      assert.equal(written.code, 0, written.stderr);
      const flags = ["apply", "--server-side", "--dry-run=server", "--force-conflicts", "--field-manager=orrery-test"];
      const { stdout } = await promisify(execFile)("kubectl", [...flags, "-f", out], { maxBuffer: 1 << 24 });
      const applied = stdout.trim().split("\n");
      assert.ok(applied.length > 100, `${applied.length} objects`);
      assert.ok(
        applied.every((line) => line.endsWith("serverside-applied (server dry run)")),
        stdout,
      );
    });

    it("environments are destroyed one by one, and leave the others as they are", async () => {
      const destroyed = (name: Name): Promise<void> =>
        releasingPods(jobsOf(name), () =>
          stack(name).assertDestroyed(`/api/v1/namespaces/${environments[name].prow}/pods`),
        );
      await destroyed("test");
      await stack("stage").assertDeployed();
      await stack("prod").assertDestroyRefused();
      await destroyed("stage");
      assert.ok(await api.find(definition), "the kind went with an environment that does not own it");
      assert.ok(await api.find("/apis/apps/v1/namespaces/kubevirt-prow/deployments/hook"));
      await destroyed("prod");
    });
  });
});
