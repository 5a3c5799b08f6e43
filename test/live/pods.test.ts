/** Pods on real nodes: what the cluster says, and what the programs in the containers see. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { nodeDaemonNames } from "../../lab/kubernetes/nodes/daemons.ts";
import { dualStack } from "../../lab/kubernetes/nodes/families.ts";
import { mountedHierarchies } from "../../lab/kubernetes/nodes/groups.ts";
import { nodeNetwork, realNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { files, volumesFolder } from "../../lab/kubernetes/files.ts";
import { runningPid } from "../../lab/process.ts";
import { api, cluster, inPod, kubectl, namespace, quiet, succeeds, useRealNodes } from "./pods/cluster.ts";
import { glutton, onlyClients, onlyNames, redis, shell, web, webOnBoth } from "./pods/objects.ts";
import { programOf } from "./pods/processes.ts";

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly reason: string; readonly exitCode: number } };
    }[];
  };
}
const pods = (selector: string): Promise<readonly Pod[]> =>
  api.list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`);
const address6 = (all: Pod["status"]["podIPs"] = []): string => all.find(({ ip }) => ip.includes(":"))?.ip ?? "none";
const fetchPage = ["curl", "-sS", "--max-time", "3"];

describe("pods on real nodes", () => {
  const started = useRealNodes(2, { "pod-security.kubernetes.io/enforce": "restricted" });

  before(async () => {
    for (const one of [...web, ...redis, shell("client", "node-0"), shell("stranger", "node-1")]) await api.apply(one);
    await kubectl("rollout", "status", "statefulset/redis", "--timeout=90s");
  });

  it("a Deployment becomes ready after its init container and probes, one pod on each node", async () => {
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    const nodes = (await pods("app=web")).map(({ spec }) => spec.nodeName);
    assert.deepEqual(nodes.sort(), ["node-0", "node-1"]);
  });

  it("a container runs as its pod says: user, no capabilities, seccomp, read-only root", async () => {
    await kubectl("wait", "pod/client", "pod/stranger", "--for=condition=Ready", "--timeout=60s");
    assert.match(await inPod("client", "id"), /^uid=1000 gid=0\S* groups=.*1000/);
    const status = await inPod("client", "cat", "/proc/self/status");
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^Seccomp:\t2$/m);
    assert.equal(await succeeds("client", "touch", "/file"), false);
  });

  it("logs come from the container", async () => {
    assert.match(await kubectl("logs", "redis-0"), /Ready to accept connections/);
  });

  it("a missing image is reported and not run", async () => {
    await api.apply(shell("missing", "node-0", "quay.io/orrery/nothing:1"));
    await eventually(
      "the refusal",
      () => kubectl("get", "pod", "missing", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}"),
      (reason) => /^(ErrImagePull|ImagePullBackOff)$/.test(reason),
    );
    await kubectl("delete", "pod", "missing", "--now");
  });

  it("Services and pods have names, from both nodes", async () => {
    for (const pod of ["client", "stranger"]) {
      assert.match(await inPod(pod, ...fetchPage, "http://web/"), /^hello from a config map/);
    }
    const address = (await pods("app=redis"))[0]?.status.podIP ?? "none";
    assert.match(
      await inPod("client", "getent", "ahostsv4", `redis-0.redis.${namespace}.svc.cluster.local`),
      new RegExp(`^${address} `),
    );
    assert.match(await inPod("client", ...fetchPage, "-k", "https://kubernetes.default/version"), /gitVersion/);
  });

  it("pods of two nodes reach each other's addresses", async () => {
    for (const { status, spec } of await pods("app=web")) {
      const pod = spec.nodeName === "node-0" ? "stranger" : "client";
      assert.match(await inPod(pod, ...fetchPage, `http://${status.podIP ?? ""}:8080/`), /^hello/);
    }
  });

  it("with IPv6 pods have an address of each family, and a Service that asks for both answers on both", async function () {
    if (!dualStack(cluster)) this.skip();
    await api.apply(webOnBoth);
    const seen = async (name: string): Promise<unknown> =>
      (await api.get<{ spec: { ipFamilies: unknown } }>(`/api/v1/namespaces/${namespace}/services/${name}`)).spec
        .ipFamilies;
    assert.deepEqual([await seen("web"), await seen("web-both")], [["IPv4"], ["IPv4", "IPv6"]]);
    for (const pod of ["client", "stranger"]) {
      assert.match(await inPod(pod, "getent", "ahostsv6", "web-both"), /^fd00:9600::/);
      for (const family of ["-4", "-6"])
        assert.match(await inPod(pod, ...fetchPage, family, "http://web-both/"), /^hello/);
      for (const { status } of await pods("app=web")) {
        assert.match(await inPod(pod, ...fetchPage, `http://[${address6(status.podIPs)}]:8080/`), /^hello/);
      }
    }
  });

  it("a program in a node's own network reaches Services, too", () => {
    for (const { netns } of realNodes(cluster)) {
      const asked = ["netns", "exec", netns, "curl", "-sSk", "--max-time", "5", "https://10.96.0.1/version"];
      assert.match(execFileSync("ip", asked, { encoding: "utf8" }), /gitVersion/);
    }
  });

  it("a port is forwarded", async () => {
    const local = cluster.firstPort + 90;
    const env = { ...process.env, KUBECONFIG: files(cluster).kubeconfig };
    const forward = spawn("kubectl", ["-n", namespace, "port-forward", "service/web", `${local}:80`], {
      env,
      stdio: "ignore",
    });
    try {
      const page = await eventually(
        "the page",
        () =>
          fetch(`http://127.0.0.1:${local}/`).then(
            (answer) => answer.text(),
            () => "",
          ),
        (text) => text !== "",
        20,
      );
      assert.equal(page, "hello from a config map\n");
    } finally {
      forward.kill();
    }
  });

  it("a container that takes more memory than its limit is killed, alone", async () => {
    await api.apply(glutton);
    const { status } = await eventually(
      "the end of the pod",
      () => api.get<Pod>(`/api/v1/namespaces/${namespace}/pods/glutton`),
      (pod) => pod.status.containerStatuses?.[0]?.state.terminated !== undefined,
    );
    const ended = status.containerStatuses?.[0]?.state.terminated;
    assert.deepEqual([ended?.reason, ended?.exitCode], ["OOMKilled", 137]);
  });

  it("NetworkPolicies refuse what they do not allow, on both nodes, and nothing once they are gone", async () => {
    const reaches = (pod: string): Promise<boolean> => succeeds(pod, ...fetchPage, "http://web/");
    assert.deepEqual([await reaches("client"), await reaches("stranger")], [true, true]);
    for (const policy of [onlyClients, onlyNames]) await api.apply(policy);
    await eventually(
      "the refusal of the stranger",
      () => reaches("stranger"),
      (open) => !open,
      20,
    );
    assert.equal(await reaches("client"), true);
    for (const { status } of await pods("app=web")) {
      for (const address of dualStack(cluster) ? [status.podIP ?? "", address6(status.podIPs)] : [status.podIP ?? ""]) {
        assert.equal(await succeeds("stranger", "nc", "-z", "-w", "2", address, "8080"), false, address);
        assert.equal(await succeeds("client", "nc", "-z", "-w", "2", address, "8080"), true, address);
      }
    }
    assert.match(await inPod("stranger", "getent", "ahostsv4", "web"), /^10\.96\./);
    assert.equal(await succeeds("stranger", ...fetchPage, "-k", "https://kubernetes.default/version"), false);
    for (const policy of [onlyClients, onlyNames]) {
      await api.delete(`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${policy.metadata.name}`);
    }
    await eventually("the stranger's way", () => reaches("stranger"), Boolean, 20);
  });

  it("a killed kubelet is seen by status and started by up, and the pods go on", async () => {
    const before = await kubectl("get", "pod", "redis-0", "-o", "jsonpath={.metadata.uid}{.status.startTime}");
    process.kill(await programOf("node-0-kubelet"), "SIGKILL");
    const seen = await eventually(
      "the DOWN row",
      () => started().health(cluster),
      (rows) => rows.some(({ healthy }) => !healthy),
      10,
    );
    const down = seen.find(({ healthy }) => !healthy);
    assert.match(`${down?.name ?? ""}: ${down?.detail ?? ""}`, /^node-0 \(real\): node-0-kubelet: not running/);
    await started().up(cluster, quiet);
    assert.ok((await started().health(cluster)).every(({ healthy }) => healthy));
    assert.equal(await kubectl("get", "pod", "redis-0", "-o", "jsonpath={.metadata.uid}{.status.startTime}"), before);
  });

  it("a StatefulSet's data survives its pod, its node and the lab", async () => {
    const [folder] = readdirSync(volumesFolder(cluster));
    // A kubelet that has just started does not know its pods for a moment.
    const set = (): Promise<boolean> => succeeds("redis-0", "redis-cli", "set", "key", "value");
    await eventually("redis", set, (done) => done);
    await inPod("redis-0", "redis-cli", "save");
    const { gid, mode } = statSync(path.join(volumesFolder(cluster), folder ?? ""));
    assert.deepEqual([gid, mode & 0o2070], [999, 0o2070], "the volume is its fsGroup's, and so is what is made in it");
    assert.ok(existsSync(`${volumesFolder(cluster)}/${folder ?? ""}/dump.rdb`));
    const value = async (): Promise<string> => {
      await kubectl("rollout", "status", "statefulset/redis", "--timeout=90s");
      return eventually(
        "the value",
        () => inPod("redis-0", "redis-cli", "get", "key").catch(() => ""),
        (text) => text !== "",
      );
    };
    await kubectl("delete", "pod", "redis-0");
    assert.equal(await value(), "value\n");
    const { nodeName = "" } = (await pods("app=redis"))[0]?.spec ?? {};
    process.kill(runningPid(cluster.dir, nodeName) ?? 0, "SIGKILL");
    await started().up(cluster, quiet);
    assert.equal(await value(), "value\n");
    await started().down(cluster);
    await started().up(cluster, quiet);
    assert.equal(await value(), "value\n");
  });

  it("a claim grows, and its folder is deleted with it", async () => {
    const claim = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/data-redis-0`;
    await api.patch(claim, { spec: { resources: { requests: { storage: "2Gi" } } } });
    await eventually(
      "the new size",
      () => api.get<{ status: { capacity?: { storage: string } } }>(claim),
      ({ status }) => status.capacity?.storage === "2Gi",
    );
    await kubectl("delete", "statefulset/redis", "pvc/data-redis-0");
    await eventually(
      "the end of the folder",
      () => Promise.resolve(readdirSync(volumesFolder(cluster))),
      (left) => left.length === 0,
    );
  });

  it("up again restarts nothing, but what has another configuration", async () => {
    const daemons = realNodes(cluster).flatMap(nodeDaemonNames);
    const pids = (): (number | undefined)[] => daemons.map((name) => runningPid(cluster.dir, name));
    const before = pids();
    assert.ok(!before.includes(undefined));
    await started().up(cluster, quiet);
    assert.deepEqual(pids(), before);
    const [node] = realNodes(cluster);
    appendFileSync(path.join(node?.etc ?? "", "proxy.yaml"), "\n");
    await started().up(cluster, quiet);
    const differ = daemons.filter((_, index) => pids()[index] !== before[index]);
    assert.deepEqual(differ, ["node-0-proxy"]);
    assert.ok(!pids().includes(undefined));
  });

  it("down leaves no process, mount, control group, link or network namespace", async () => {
    const nodes = realNodes(cluster);
    const { netns, link } = nodeNetwork(cluster);
    await started().down(cluster);
    const processes = readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => commandOf(pid).includes(cluster.dir));
    assert.deepEqual(processes.map(commandOf), []);
    assert.equal(readFileSync("/proc/mounts", "utf8").includes(cluster.dir), false);
    const groups = mountedHierarchies().flatMap(({ mount }) => nodes.map((node) => `${mount}/${node.netns}`));
    assert.deepEqual(
      groups.filter((group) => existsSync(group)),
      [],
    );
    const links = execFileSync("ip", ["-brief", "link"], { encoding: "utf8" });
    assert.equal(links.includes(link), false);
    const namespaces = [netns, ...nodes.map((node) => node.netns)].filter((name) => existsSync(`/run/netns/${name}`));
    assert.deepEqual(namespaces, []);
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
