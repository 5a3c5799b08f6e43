/** What goes wrong on real nodes: rollouts that cannot work, memory that is eaten, images that cannot be built. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { groupName } from "../../lab/kubernetes/nodes/first.ts";
import { groupFolders, makeGroups, nodeMemory } from "../../lab/kubernetes/nodes/groups.ts";
import { realNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { runningPid } from "../../lab/process.ts";
import { withFailures } from "../../lab/rollout.ts";
import { cacheDir, root } from "../../lab/settings.ts";
import { api, cluster, inPod, kubectl, namespace, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

type Running = KubeObject & { readonly spec: { readonly containers: readonly object[] } };

/** The waiting pod with another container or other fields. */
function failing(name: string, container: object, more: object = {}): KubeObject {
  const pod = shell(name, "node-0") as Running;
  return {
    ...pod,
    spec: { ...pod.spec, containers: [{ ...pod.spec.containers[0], ...container }], ...more },
  };
}
const sh = (script: string) => ({ command: ["sh", "-c", script] });

/** Restarts and phase of a pod. */
const running = (pod: string): Promise<string> =>
  kubectl("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount} {.status.phase}");

/** The cluster's processes outside containers, with their pids. */
function daemons(): (readonly [string, number | undefined])[] {
  const names = readdirSync(path.join(cluster.dir, "run")).filter((file) => file.endsWith(".pid"));
  return names.map((file) => path.parse(file).name).map((name) => [name, runningPid(cluster.dir, name)] as const);
}

/** Bytes that the processes of a node may take together. */
function limitOf(group: string): number {
  const files = groupFolders(group).flatMap((folder) =>
    ["memory.limit_in_bytes", "memory.max"].map((name) => path.join(folder, name)),
  );
  return Number(readFileSync(files.find((file) => existsSync(file)) ?? "", "utf8"));
}

describe("what goes wrong on real nodes", () => {
  const started = useRealNodes(1);

  it("rollouts that cannot work are named once each with pod, container and the container's own last words, within a minute; what runs is not", async () => {
    const bad = {
      exec: { command: ["sh", "-c", "echo not yet >&2; exit 3"] },
      periodSeconds: 1,
      failureThreshold: 100,
    };
    const key = { secretKeyRef: { name: "settings", key: "password" } };
    await api.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "settings", namespace },
      stringData: { user: "a" },
    });
    const lost = { volumes: [{ name: "lost", secret: { secretName: "lost" } }] };
    for (const pod of [
      shell("works", "node-0"),
      failing("image", { image: "quay.io/orrery/nothing:1" }),
      failing("key", { env: [{ name: "PASSWORD", valueFrom: key }] }),
      failing("command", { command: ["no-such-command"] }),
      failing("exit", sh("echo the database is not there >&2; exit 7")),
      failing("probe", { ...sh("echo waiting for a leader; sleep 1000"), readinessProbe: bad }),
      failing("readonly", sh("echo data >/var/state")),
      failing("volume", { volumeMounts: [{ name: "lost", mountPath: "/lost" }] }, lost),
      failing("placed", {}, { nodeSelector: { "kubernetes.io/hostname": "nowhere" } }),
    ]) {
      await api.apply(pod);
    }
    const expected = [
      /^pods\/image, container shell: (ErrImagePull|ImagePullBackOff): .*quay\.io\/orrery\/nothing:1/,
      /^pods\/key, container shell: CreateContainerConfigError: couldn't find key password in Secret pods\/settings$/,
      /^pods\/command, container shell: .*no-such-command/,
      /^pods\/exit, container shell: ended with exit code 7.*\n {4}the database is not there$/,
      /^pods\/probe, container shell: Readiness probe failed: not yet\n {4}waiting for a leader$/,
      /^pods\/readonly, container shell: ended with exit code 1.*\n {4}.*Read-only file system$/,
      /^pods\/volume: MountVolume\.SetUp failed for volume "lost".*secret "lost" not found/,
      /^pods\/placed: no node takes it: .*node affinity\/selector/,
    ];
    const told: string[] = [];
    const all = (): boolean => expected.every((one) => told.some((text) => one.test(text)));
    await withFailures(
      cluster,
      (text) => {
        told.push(text);
      },
      () => eventually("all reasons", () => Promise.resolve(told), all, 60),
    );
    assert.equal(told.length, expected.length, told.join("\n"));
  });

  it("a node may take the machine's memory less a reserve, and its pods are the kernel's first choice", async () => {
    const [node] = realNodes(cluster);
    assert.ok(node);
    const page = 4096;
    assert.equal(limitOf(groupName(node)), Math.floor(nodeMemory() / page) * page);
    const size = { cpu: "100m", memory: "64Mi" };
    await api.apply(failing("guaranteed", { resources: { requests: size, limits: size } }));
    await api.apply(shell("unlimited", node.name));
    await kubectl("wait", "pod/guaranteed", "pod/unlimited", "--for=condition=Ready", "--timeout=60s");
    const score = (pid: number | undefined): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
    const outside = daemons().filter(([name]) => !name.startsWith(node.name));
    assert.deepEqual(
      outside.filter(([, pid]) => score(pid) >= 500),
      [],
      "etcd, the API server and the rest",
    );
    const inside = (pod: string): Promise<string> => inPod(pod, "cat", "/proc/1/oom_score_adj");
    assert.deepEqual([await inside("guaranteed"), await inside("unlimited")], ["500\n", "1000\n"]);
  });

  it("a pod without a limit that eats its node's memory is ended, and nothing else", async () => {
    const [node] = realNodes(cluster);
    assert.ok(node);
    await api.apply(shell("bystander", node.name));
    await kubectl("wait", "pod/bystander", "--for=condition=Ready", "--timeout=60s");
    // As on a smaller machine: this one's memory is not for tests.
    makeGroups(groupName(node), 1.5e9);
    const before = daemons();
    try {
      const eats = sh("dd if=/dev/zero of=/dev/null bs=2G count=1");
      const ended = /^pods\/eater, container shell: ended with exit code 137/;
      const lines: string[] = [];
      await withFailures(
        cluster,
        (text) => {
          lines.push(text);
        },
        async () => {
          await api.apply(failing("eater", eats, { restartPolicy: "Never" }));
          await eventually(
            "the sentence",
            () => Promise.resolve(lines),
            () => lines.some((one) => ended.test(one)),
            90,
          );
        },
      );
      assert.equal(await running("bystander"), "0 Running");
      assert.deepEqual(daemons(), before, "a process of the cluster ended");
      assert.deepEqual(
        (await started().health(cluster)).filter(({ healthy }) => !healthy),
        [],
      );
    } finally {
      makeGroups(groupName(node));
    }
  });

  it("an image that cannot be built is named with its log, and what runs goes on", async () => {
    await api.apply(shell("goes-on", "node-0"));
    await kubectl("wait", "pod/goes-on", "--for=condition=Ready", "--timeout=60s");
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-cache-"));
    const cache = path.join(folder, "cache");
    try {
      // The machine's cache without one image, and packages that cannot be had.
      const link = (from: string, to: string, without: RegExp): void => {
        mkdirSync(to, { recursive: true });
        const names = readdirSync(from).filter((name) => !without.test(name));
        for (const name of names) symlinkSync(path.join(from, name), path.join(to, name));
      };
      link(cacheDir, cache, /^(images|log|.*\.lock)$/);
      link(path.join(cacheDir, "images"), path.join(cache, "images"), /^(partial|redis-[0-9a-f]{12})$/);
      const fake = path.join(folder, "apt-get");
      writeFileSync(fake, "#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n", { mode: 0o755 });
      const script = `
        import { inWords } from "./cli/main.ts";
        import { kubernetes } from "./lab/kubernetes/kubernetes.ts";
        import { labSettings } from "./lab/settings.ts";
        import { ensureToolchain } from "./lab/toolchain/toolchain.ts";
        try {
          await kubernetes(await ensureToolchain(() => undefined)).up(labSettings(), () => undefined);
        } catch (error) {
          console.error(inWords(error));
          process.exitCode = 1;
        }`;
      const settings = { ORRERY_LAB: cluster.dir, ORRERY_PORTS: String(cluster.firstPort), ORRERY_CACHE: cache };
      const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, ...settings, PATH: `${folder}:${process.env.PATH ?? ""}` },
      });
      const log = path.join(cache, "log", "image-redis.log");
      assert.equal(stderr, `image redis cannot be built: sh failed (exit code 100); read ${log}\n`);
      assert.equal(status, 1);
      assert.match(readFileSync(log, "utf8"), /Unable to locate package/);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.equal(await running("goes-on"), "0 Running");
    assert.deepEqual(
      (await started().health(cluster)).filter(({ healthy }) => !healthy),
      [],
    );
  });
});
