/** What real pods reach by names and addresses: balanced Services, counterparts of the world's services, and nothing outside. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";
import type { Balanced } from "../../lab/kubernetes/router/objects.ts";
import { runningPid } from "../../lab/process.ts";
import { api, cluster, inPod, kubectl, namespace, quiet, succeeds, useRealNodes } from "./pods/cluster.ts";
import { shell, web } from "./pods/objects.ts";
import { curl, greeting, ingress } from "./pods/traffic.ts";

describe("names and addresses for pods on real nodes", () => {
  const part = useRealNodes(2);
  /** The lab's name server, as programs of this machine ask it. */
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${cluster.ports.names}`]);

  before(async () => {
    const onNode = shell("on-node", "node-0") as KubeObject & { readonly spec: object };
    const pods = [shell("client", "node-0"), shell("stranger", "node-1")];
    for (const one of [...web, ...pods, { ...onNode, spec: { ...onNode.spec, hostNetwork: true } }])
      await api.apply(one);
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    await kubectl("wait", "pod/client", "pod/stranger", "pod/on-node", "--for=condition=Ready", "--timeout=60s");
  });

  it("a Service of type LoadBalancer answers at an address of its own, here and in pods", async () => {
    const ports = [{ port: 80, targetPort: "http" }];
    const spec = { type: "LoadBalancer", selector: { app: "web" }, ports };
    await api.apply({ apiVersion: "v1", kind: "Service", metadata: { name: "balanced", namespace }, spec });
    const { status } = await eventually(
      "the address",
      () => api.get<{ status: { loadBalancer: Balanced } }>(`/api/v1/namespaces/${namespace}/services/balanced`),
      (service) => service.status.loadBalancer.ingress !== undefined,
      20,
    );
    const address = status.loadBalancer.ingress?.[0]?.ip ?? "";
    assert.ok(address.startsWith(nodeNetwork(cluster).balanced.replace(/0\/24$/, "")), address);
    const page = await eventually(
      "the page",
      () =>
        fetch(`http://${address}/`, { signal: AbortSignal.timeout(3000) }).then(
          (answer) => answer.text(),
          () => "",
        ),
      (text) => text !== "",
      20,
    );
    assert.equal(page, greeting);
    assert.equal(await inPod("stranger", ...curl, `http://${address}/`), greeting);
  });

  it("the world's names do not exist in pods, and its addresses are not reached", async () => {
    for (const name of ["example.org", "api.github.com", "storage.googleapis.com", "quay.io"]) {
      const began = Date.now();
      const said = await inPod("client", "sh", "-c", `getent ahosts ${name}; echo $?`);
      assert.equal(said, "2\n", `${name} has no address`);
      assert.ok(Date.now() - began < 4000, `${name} is refused at once`);
      const { stdout } = await lookup(name);
      assert.match(stdout, /Could not resolve host/);
    }
    for (const address of ["192.0.2.1", "140.82.112.3"]) {
      assert.equal(await succeeds("client", ...curl, `http://${address}/`), false);
    }
  });

  it("no pod reaches a server of this machine, by none of its addresses, which this machine reaches by all of them", async () => {
    const open = createServer((socket) => socket.end("here")).listen(0, "0.0.0.0");
    await once(open, "listening");
    try {
      const { port } = open.address() as AddressInfo;
      const all = Object.values(networkInterfaces()).flat();
      const own = all.flatMap((one) => (one?.family === "IPv4" && !one.internal ? [one.address] : []));
      assert.ok(own.includes(nodeNetwork(cluster).host), "the nodes' network ends at one of them");
      for (const address of own) {
        const call = `exec 3<>/dev/tcp/${address}/${port} && cat <&3`;
        const { stdout } = await promisify(execFile)("bash", ["-c", call], { timeout: 5000 });
        assert.equal(stdout, "here", address);
        for (const pod of ["client", "on-node"]) {
          assert.equal(await succeeds(pod, "timeout", "3", "bash", "-c", call), false, `${pod} reaches ${address}`);
        }
      }
    } finally {
      open.close();
    }
  });

  it("a counterpart of the world's name in the cluster answers in its place, and pods trust its certificate", async () => {
    await api.apply(ingress("github", "api.github.com", { "/": "Prefix" }));
    const page = await eventually(
      "the counterpart",
      () => inPod("client", ...curl, "https://api.github.com/").catch(() => ""),
      (text) => text !== "",
      30,
    );
    assert.equal(page, greeting);
    const found = (): Promise<readonly string[]> => resolver.resolve4("api.github.com").catch(() => []);
    assert.deepEqual(await eventually("the name here", found, (all) => all.length > 0, 30), [
      nodeNetwork(cluster).ingress,
    ]);
    await api.delete(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/github`);
    await eventually(
      "the end of the name",
      () => succeeds("client", "getent", "ahosts", "api.github.com"),
      (there) => !there,
      30,
    );
  });

  it("the name server of this machine's programs knows nothing else, listens on loopback, is seen by status when it ends and started by up", async () => {
    const { names } = cluster.ports;
    await assert.rejects(resolver.resolve4("example.com"));
    assert.deepEqual([...new Set(listening(names))], [`127.0.0.1:${names}`]);
    process.kill(runningPid(cluster.dir, "resolver") ?? assert.fail("no name server"), "SIGKILL");
    const row = async () => (await part().health(cluster)).find(({ name }) => name === "names");
    assert.match((await row())?.detail ?? "", /^no response on port /);
    await part().up(cluster, quiet);
    assert.deepEqual(await row(), { name: "names", healthy: true, detail: `dig @127.0.0.1 -p ${names} HOST` });
  });
});

/** Addresses on which something listens at a port. */
const listening = (port: number): readonly string[] =>
  execFileSync("ss", ["-Hlnut", `sport = ${port}`], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/)[4] ?? "");

/** What curl in a pod says of a name. */
async function lookup(name: string): Promise<{ stdout: string }> {
  const stdout = await inPod("client", "sh", "-c", `curl -sS --max-time 5 https://${name}/ 2>&1 || true`);
  return { stdout };
}
