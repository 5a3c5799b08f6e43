/** An update of Deployments that cannot work, by the real engine: what is printed while it waits, and how it ends when it is interrupted. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { files } from "../../lab/kubernetes/files.ts";
import { endTree } from "../../lab/process.ts";
import { root } from "../../lab/settings.ts";
import { waitForWorkloads } from "../../lab/workloads.ts";
import { toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { api, cluster, namespace, quiet, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

type Pod = KubeObject & {
  readonly spec: { readonly containers: readonly object[] };
  readonly status: { readonly startTime: string };
};

const program = `
const { readFileSync } = require("node:fs");
const { apps, Provider } = require("@pulumi/kubernetes");
const provider = new Provider("cluster", { kubeconfig: process.env.KUBECONFIG });
for (const one of JSON.parse(readFileSync("deployments.json", "utf8")))
  new apps.v1.Deployment(one.metadata.name, one, { provider });
`;

/** What lab apply, npm start and the demonstrations do with a stack's file that is written. */
const update = `
import { pulumi } from "./lab/pulumi.ts";
import { withFailures } from "./lab/rollout.ts";
import { log } from "./lab/session.ts";
import { labSettings } from "./lab/settings.ts";
const [output, ...args] = process.argv.slice(1);
process.exitCode = await withFailures(labSettings(), log, () => pulumi(args, process.env, output));
`;

/** A Deployment of the waiting pod with other fields of its container. */
function deployment(name: string, container: object): KubeObject {
  const { spec } = shell(name, "node-0") as Pod;
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { ...spec, containers: [{ ...spec.containers[0], ...container }] } };
  const { apiVersion, kind } = { apiVersion: "apps/v1", kind: "Deployment" };
  return {
    ...{ apiVersion, kind, metadata: { name, namespace } },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}
const sh = (script: string) => ({ command: ["sh", "-c", script] });

const key = { secretKeyRef: { name: "settings", key: "password" } };
const probe = { ...sh("echo not yet >&2; exit 3") };
const deployments = [
  deployment("works", {}),
  deployment("image", { image: "quay.io/orrery/nothing:1" }),
  deployment("key", { env: [{ name: "PASSWORD", valueFrom: key }] }),
  deployment("command", { command: ["no-such-command"] }),
  deployment("probe", {
    ...sh("echo waiting for a leader; sleep 1000"),
    readinessProbe: { exec: probe, periodSeconds: 1, failureThreshold: 100 },
  }),
  deployment("readonly", sh("echo data >/var/state")),
];
/** What follows the pod's name, by Deployment. */
const expected: Readonly<Record<string, RegExp>> = {
  image: /^, container shell: (ErrImagePull|ImagePullBackOff): .*quay\.io\/orrery\/nothing:1/,
  key: /^, container shell: CreateContainerConfigError: couldn't find key password in Secret pods\/settings$/,
  command: /^, container shell: .*exec: "no-such-command": executable file not found in \$PATH/,
  probe: /^, container shell: Readiness probe failed: not yet\n {4}waiting for a leader$/,
  readonly: /^, container shell: ended with exit code 1.*\n {4}.*\/var\/state: Read-only file system$/,
};

/** A failure that was printed, when, and how often. */
interface Printed {
  readonly pod: string;
  readonly rest: string;
  readonly at: number;
  times: number;
}

describe("an update of Deployments that cannot work", function () {
  this.timeout(300_000);
  useRealNodes(1);
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-rollouts-"));
  const target = { stack: "rollouts", file: path.join(dir, "Pulumi.rollouts.yaml"), project: dir };
  const output = path.join(dir, "up.log");
  const env: NodeJS.ProcessEnv = {
    PULUMI_HOME: toolchainFolders().pulumiHome,
    PULUMI_BACKEND_URL: `file://${dir}`,
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    PULUMI_SKIP_CHECKPOINTS: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    KUBECONFIG: files(cluster).kubeconfig,
  };
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, text, stdout } = await pulumi(args, { ...target, env });
    assert.equal(code, 0, text);
    return stdout;
  };
  const printed = new Map<string, Printed>();
  let running: ChildProcess | undefined;
  let ended: Promise<number | null>;

  before(async () => {
    writeFileSync(path.join(dir, "Pulumi.yaml"), "name: rollouts\nruntime: nodejs\n");
    writeFileSync(path.join(dir, "package.json"), '{"name": "rollouts", "main": "index.js", "type": "commonjs"}\n');
    writeFileSync(path.join(dir, "index.js"), program);
    writeFileSync(path.join(dir, "deployments.json"), JSON.stringify(deployments));
    symlinkSync(path.join(root, "node_modules"), path.join(dir, "node_modules"));
    await done("stack", "init");
    const stringData = { user: "a" };
    await api.apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "settings", namespace }, stringData });
  });
  after(async () => {
    if (running?.pid !== undefined) await endTree(running.pid); // where a test failed before
    rmSync(dir, { recursive: true });
  });

  it("prints each once with pod, container, cause and the container's own last words, within a minute of the pod's start", async () => {
    const args = ["up", "--cwd", dir, "--stack", target.stack, "--yes", "--skip-preview"];
    running = spawn(process.execPath, ["--input-type=module", "-e", update, output, ...args], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env, ORRERY_LAB: cluster.dir, ORRERY_PORTS: String(cluster.firstPort) },
    });
    const started = running;
    ended = new Promise((resolve) => started.once("close", resolve));
    let said = "";
    started.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const failures = said.replaceAll(/^\d+ resources done\n/gm, "");
      const now = Date.now();
      for (const one of printed.values()) one.times = 0;
      for (const one of failures.split(/^ *\d+\.\d s {2}/m)) {
        const [, pod = "", rest = ""] = /^pods\/([a-z0-9-]+)([^]*?)\n$/.exec(one) ?? [];
        if (pod === "") continue;
        const before = printed.get(one) ?? { pod, rest, at: now, times: 0 };
        printed.set(one, { ...before, times: before.times + 1 });
      }
    });
    const causes = Object.keys(expected);
    await eventually(
      "all reasons",
      () => Promise.resolve(printed.size),
      (count) => count === causes.length,
      120,
    );
    const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
    for (const { pod, rest, at } of printed.values()) {
      const found = pods.find(({ metadata }) => metadata.name === pod);
      assert.match(rest, expected[found?.metadata.labels?.app ?? ""] ?? /^$/);
      const seconds = (at - Date.parse(found?.status.startTime ?? "")) / 1000;
      assert.ok(seconds < 60, `${pod} after ${seconds} s`);
    }
    assert.deepEqual(
      [...printed.values()]
        .filter(({ times }) => times > 0)
        .map(({ pod, times }) => `${pod.split("-")[0] ?? ""} ${times}`)
        .toSorted(),
      causes.map((cause) => `${cause} 1`).toSorted(),
      "those and no other, each once",
    );
  });

  it("ends cleanly when it is interrupted: nothing is under way, nothing is locked, and the state has all that is there", async () => {
    running?.kill("SIGTERM");
    const code = await ended;
    const text = readFileSync(output, "utf8");
    assert.equal(code, 1, text);
    assert.doesNotMatch(text, /panic|goroutine/);
    assert.deepEqual(readdirSync(path.join(dir, ".pulumi", "locks"), { recursive: true, withFileTypes: true }).filter((one) => one.isFile()), []); // prettier-ignore
    const { deployment } = JSON.parse(await done("stack", "export")) as {
      deployment: { pending_operations?: object[]; resources: { urn: string; type: string }[] };
    };
    assert.deepEqual(deployment.pending_operations ?? [], []);
    const inState = deployment.resources.filter(({ type }) => type === "kubernetes:apps/v1:Deployment");
    const there = await api.list(`/apis/apps/v1/namespaces/${namespace}/deployments`);
    const names = deployments.map(({ metadata }) => metadata.name).toSorted();
    assert.deepEqual(inState.map(({ urn }) => urn.split("::").at(-1)).toSorted(), names);
    assert.deepEqual(there.map(({ metadata }) => metadata.name).toSorted(), names);
  });

  it("what does not run then is what npm start would end with, each with its cause", async () => {
    // A container that is started again runs for a moment: then it has no cause.
    const all = Object.keys(expected).length;
    const said = await eventually(
      "all that does not run",
      () => waitForWorkloads(cluster, quiet, 0),
      (lines) => lines.length === all && !lines.some((line) => line.endsWith(": not ready")),
    );
    for (const [name, cause] of Object.entries(expected)) {
      const own = said.find((one) => one.startsWith(`pods/${name}-`)) ?? "";
      assert.match(own.replace(/^pods\/[a-z0-9-]+/, ""), cause, said.join("\n"));
    }
  });

  it("leaves a stack that can be destroyed", async () => {
    await done("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await api.list(`/apis/apps/v1/namespaces/${namespace}/deployments`), []);
    assert.deepEqual(await waitForWorkloads(cluster, quiet), [], "what is left is the cluster's own, and ready");
  });
});
