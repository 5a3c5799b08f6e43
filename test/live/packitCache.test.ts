/** Packit's commands that work in pods, on real nodes: the repository cache of workers and of their sandboxes, and imports of images. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { cacheFolder } from "../../components/packit/names.ts";
import { makeRepository } from "../../lab/demo/github.ts";
import { execute, kubectl } from "../../lab/demo/kubectl.ts";
import { organisation } from "../../lab/demo/packit/deploy.ts";
import type { OpsOutcome } from "../../lab/harness/system.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { api, PackitOnNodes } from "./packit/onNodes.ts";

const worker = "packit-worker-0";
const claims = { worker: `packit-worker-repository-cache-${worker}`, sandbox: `sandcastle-repository-cache-${worker}` };
const remote = `${organisation}/ogr`;

interface Stream extends KubeObject {
  readonly status: { readonly tags: readonly { readonly items: readonly { readonly image: string }[] }[] };
}

/** A pod as Packit makes sandboxes, with the cache's volume. */
const sandboxPod = (namespace: string, name: string): KubeObject & { readonly spec: object } => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "sandcastle",
        image: "quay.io/packit/sandcastle:stg",
        command: ["sleep", "3600"],
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "1", memory: "768Mi" } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "cache", mountPath: cacheFolder }],
      },
    ],
    volumes: [{ name: "cache", persistentVolumeClaim: { claimName: claims.sandbox } }],
  },
});

describe("Packit's commands in pods", function () {
  this.timeout(900_000);
  let packit: PackitOnNodes;
  let sandboxes: string;
  const dir = mkdtempSync(path.join(tmpdir(), "packit-cache-"));
  const ops = (...words: string[]): Promise<OpsOutcome> => packit.ops(...words);

  before(async () => {
    packit = await PackitOnNodes.open();
    ({ sandboxes } = packit.work);
    await makeRepository(packit.work.alice, remote);
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await packit.close();
  });

  /** Runs in a sandbox that has the cache's volume, and removes it. */
  async function inSandbox<T>(name: string, work: (words: readonly string[]) => Promise<T>): Promise<T> {
    await api.apply(sandboxPod(sandboxes, name));
    try {
      await kubectl(packit.run, sandboxes, ["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=120s"]);
      return await work([name, "--"]);
    } finally {
      await kubectl(packit.run, sandboxes, ["delete", "pod", name, "--now"]);
    }
  }
  /** Last commit of a repository in the worker's cache and in its sandboxes'. */
  async function commits(name: string): Promise<readonly string[]> {
    const log = ["git", "-C", `${cacheFolder}/${name}`, "log", "-1", "--format=%s", "--all"];
    const own = await execute(packit.run, packit.work.namespace, [worker, "-c", "packit-worker-1", "--", ...log]);
    const theirs = await inSandbox("reader", (at) => execute(packit.run, sandboxes, [...at, ...log]));
    return [own.trim(), theirs.trim()];
  }
  const write = (at: string, message: string): Promise<unknown> =>
    packit.work.alice.call("PUT", `/repos/${remote}/contents/${at}`, {
      message,
      content: Buffer.from(`${message}\n`).toString("base64"),
    });

  it("fill-cache says which volumes it would fill", async () => {
    const dry = await ops("fill-cache", `https://github.com/${remote}`, "--dry-run");
    assert.equal(dry.stdout, `would put ogr into ${claims.worker} and ${claims.sandbox}\n`);
  });

  it("fill-cache clones a URL in the worker's pod and in the sandboxes' namespace, and brings both up to date", async () => {
    await write("one.txt", "one");
    const first = await ops("fill-cache", `https://github.com/${remote}`);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    assert.deepEqual(await commits("ogr"), ["one", "one"]);
    await write("two.txt", "two");
    const again = await ops("fill-cache", `https://github.com/${remote}`);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    assert.deepEqual(await commits("ogr"), ["two", "two"]);
  });

  it("fill-cache copies a folder of this machine as it is", async () => {
    const work = path.join(dir, "kernel");
    mkdirSync(work);
    const git = (...words: readonly string[]): void => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
      execFileSync("git", ["-C", work, ...identity, ...words], { stdio: "ignore" });
    };
    git("init", "--initial-branch", "main");
    git("commit", "--allow-empty", "-m", "local");
    const { code, stdout, stderr } = await ops("fill-cache", work);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await commits("kernel"), ["local", "local"]);
    const fillers = (await api.list(`/api/v1/namespaces/${sandboxes}/pods`)).map(({ metadata }) => metadata.name);
    assert.ok(!fillers.some((name) => name.startsWith("repository-cache-filler")), fillers.join(", "));
  });

  it("fill-cache waits for a sandbox that has the volume, and knows which workers have a cache", async () => {
    const busy = await inSandbox("quay-io-packit-sandcastle-dev-1", () =>
      ops("fill-cache", path.join(dir, "kernel"), "--timeout", "1s"),
    );
    assert.equal(busy.code, 1);
    assert.match(
      busy.stderr,
      new RegExp(`${claims.sandbox} is in use by quay-io-packit-sandcastle-dev-1 for 1 s; try again`),
    );
    const none = await ops("fill-cache", path.join(dir, "kernel"), "--worker", "packit-worker-short-running-0");
    assert.equal(none.code, 2);
    assert.match(
      none.stderr,
      /packit-worker-short-running-0 has no repository cache; those that have: packit-worker-0/,
    );
    assert.match((await ops("fill-cache", "kernel")).stderr, /"kernel" is neither a git URL nor a folder/);
  });

  it("import-images asks the registry, and what it has becomes the workload's; again, there is nothing newer", async () => {
    const stream = `/apis/image.openshift.io/v1/namespaces/${packit.work.namespace}/imagestreams/packit-service`;
    const first = await ops("import-images", "packit-service", "--wait");
    assert.equal(first.code, 0, first.stdout + first.stderr);
    const digest = (await api.get<Stream>(stream)).status.tags[0]?.items[0]?.image ?? "";
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    const again = await ops("import-images", "packit-service", "--wait");
    assert.match(again.stdout, /^packit-service: nothing newer/, again.stderr);
    const listed = await ops("revisions", "packit-service", "--json");
    const found = JSON.parse(listed.stdout) as readonly { of: string; digest?: string; current: boolean }[];
    const current = found.filter((one) => one.current).map((one) => [one.of, one.digest]);
    assert.deepEqual(current[0], ["ImageStream packit-service:dev", digest]);
  });
});
