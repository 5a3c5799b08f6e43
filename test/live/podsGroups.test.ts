/** Control groups of a real node, of whichever version this machine has: what containers may take, and what is counted. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { groupName } from "../../lab/kubernetes/nodes/first.ts";
import { daemonFolders, groupFolders, mountedHierarchies, unified } from "../../lab/kubernetes/nodes/groups.ts";
import { realNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { api, cluster, inPod, kubectl, namespace, useRealNodes } from "./pods/cluster.ts";
import { glutton, shell } from "./pods/objects.ts";
import { programOf } from "./pods/processes.ts";

const hierarchies = mountedHierarchies();
const version = unified(hierarchies) ? 2 : 1;
/** Seconds for an emulated machine, where each step takes many times what it takes here. */
const patience = 900;

interface Pod {
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly reason: string; readonly exitCode: number } };
    }[];
  };
}
const pod = (name: string): Promise<Pod> => api.get<Pod>(`/api/v1/namespaces/${namespace}/pods/${name}`);

/** A pod that keeps its tenth of a core busy. */
const busy = shell("busy", "node-0", undefined, {
  command: ["sh", "-c", "while :; do :; done"],
  resources: { limits: { cpu: "100m", memory: "64Mi" } },
});

describe(`control groups of version ${version}`, function () {
  this.timeout(2 * patience * 1000);
  const started = useRealNodes(1, {}, 4);

  before(async () => {
    await api.apply(busy);
    await eventually(
      "the pod",
      () => pod("busy"),
      ({ status }) => status.phase === "Running",
      patience,
    );
  });

  it("a container sees its limits", async () => {
    const at = "/sys/fs/cgroup";
    const memory = version === 2 ? `${at}/memory.max` : `${at}/memory/memory.limit_in_bytes`;
    assert.equal((await inPod("busy", "cat", memory)).trim(), String(64 * 2 ** 20));
    const quota = version === 2 ? [`${at}/cpu.max`] : [`${at}/cpu/cpu.cfs_quota_us`, `${at}/cpu/cpu.cfs_period_us`];
    assert.deepEqual((await inPod("busy", "cat", ...quota)).trim().split(/\s/), ["10000", "100000"]);
  });

  it("a container gets no more of the processor than its limit", async () => {
    const file = version === 2 ? "/sys/fs/cgroup/cpu.stat" : "/sys/fs/cgroup/cpu/cpu.stat";
    const throttled = async (): Promise<number> =>
      Number(/^nr_throttled (\d+)$/m.exec(await inPod("busy", "cat", file))?.[1]);
    const first = await throttled();
    await eventually("more periods in which it had to wait", throttled, (now) => now > first, patience);
  });

  it("a container that takes more memory than its limit is ended, and the API says why", async () => {
    await api.apply(glutton);
    const { status } = await eventually(
      "the end of the pod",
      () => pod("glutton"),
      (one) => one.status.containerStatuses?.[0]?.state.terminated !== undefined,
      patience,
    );
    const ended = status.containerStatuses?.[0]?.state.terminated;
    assert.deepEqual([ended?.reason, ended?.exitCode], ["OOMKilled", 137]);
  });

  it("the node's daemons and containers are in the node's own group, which has a limit", async () => {
    const [node] = realNodes(cluster);
    assert.ok(node);
    const group = groupName(node);
    for (const folder of groupFolders(group)) assert.ok(existsSync(folder), folder);
    const limit = groupFolders(group)
      .flatMap((folder) => ["memory.max", "memory.limit_in_bytes"].map((file) => path.join(folder, file)))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, "utf8").trim());
    assert.match(limit.join(), /^\d+$/);
    const kubelet = String(await programOf("node-0-kubelet"));
    for (const folder of daemonFolders(group)) {
      assert.ok(readFileSync(path.join(folder, "cgroup.procs"), "utf8").split("\n").includes(kubelet), folder);
    }
  });

  it("kubectl top counts what a container takes", async () => {
    const row = await eventually(
      "a row",
      () => kubectl("top", "pod", "busy", "--no-headers").catch(() => ""),
      (text) => text !== "",
      patience,
    );
    const cores = Number(/^busy +(\d+)m /.exec(row)?.[1]);
    assert.ok(cores > 50 && cores < 130, row);
  });

  it("down leaves no group", async () => {
    const groups = realNodes(cluster).flatMap((node) => groupFolders(groupName(node)));
    await started().down(cluster);
    assert.deepEqual(
      groups.filter((folder) => existsSync(folder)),
      [],
    );
  });
});
