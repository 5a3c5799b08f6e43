/** metrics.k8s.io of real nodes: the calculation, the answers, and who is answered. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { type KubeApi, KubeError, type KubeObject } from "../../../lab/kubernetes/api.ts";
import { makeCredentials, nodeCredentials } from "../../../lab/kubernetes/nodes/credentials.ts";
import { answer } from "../../../lab/kubernetes/nodes/metrics/answers.ts";
import { registration } from "../../../lab/kubernetes/nodes/metrics/registration.ts";
import { following, type Pair, samplesIn, usageOf } from "../../../lab/kubernetes/nodes/metrics/samples.ts";
import { metricsOf, metricsServer } from "../../../lab/kubernetes/nodes/metrics/serve.ts";
import { authorityFile, certificateFor, makeAuthority } from "../../../lab/kubernetes/router/certificates.ts";
import { labSettings } from "../../../lab/settings.ts";

/** A kubelet's text. */
const said = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="shell",namespace="pods",pod="busy"} 12.5 1700000010000
container_cpu_usage_seconds_total{container="new",namespace="pods",pod="busy"} 0.1 1700000010000
container_memory_working_set_bytes{container="shell",namespace="pods",pod="busy"} 1.048576e+06 1700000010000
container_start_time_seconds{container="shell",namespace="pods",pod="busy"} 1.6999999005e+09
node_cpu_usage_seconds_total 400.25 1700000011000
node_memory_working_set_bytes 2.097152e+06 1700000011000
pod_cpu_usage_seconds_total{namespace="pods",pod="busy"} 12.6 1700000010000
scrape_error 0
`;
const start = 1_700_000_000_000;
const sample = (second: number, processor: number, started = start) => ({
  ...{ at: start + second * 1000, processor, memory: 4096 * second },
  started,
});

describe("processor and memory of real nodes", () => {
  it("a kubelet's text has samples of the node and of each container that is wholly known", () => {
    assert.deepEqual(Object.fromEntries(samplesIn(said)), {
      "pods/busy/shell": {
        ...{ at: start + 10_000, processor: 12.5, memory: 1_048_576 },
        started: 1_699_999_900_500,
      },
      "": { at: start + 11_000, processor: 400.25, memory: 2_097_152 },
    });
    assert.deepEqual([...samplesIn("")], []);
  });

  it("use is the rate of the last window and the memory at its end; the same sample again changes nothing", () => {
    const first = following(undefined, sample(100, 50));
    assert.equal(usageOf(first), undefined);
    const second = following(first, sample(110, 55));
    assert.deepEqual(usageOf(second), {
      ...{ processor: 0.5, memory: 4096 * 110 },
      ...{ at: start + 110_000, window: 10_000 },
    });
    assert.equal(following(second, sample(110, 55)), second);
    assert.deepEqual(usageOf(following(second, sample(130, 55)))?.processor, 0);
  });

  it("a container that has started again, or whose counter has gone back, has no rate until its next sample", () => {
    const before = following(undefined, sample(100, 50));
    assert.equal(usageOf(following(before, sample(200, 60, start + 100_000))), undefined);
    assert.equal(usageOf(following(before, sample(200, 1))), undefined);
  });

  it("the start of a new container is its first sample, once it has run for ten seconds", () => {
    assert.equal(usageOf(following(undefined, sample(5, 5))), undefined);
    assert.deepEqual(usageOf(following(undefined, sample(20, 5)))?.processor, 0.25);
    assert.equal(usageOf(following(undefined, sample(31, 5))), undefined);
    // The kubelet does not say when a node started.
    assert.equal(usageOf(following(undefined, { at: start, processor: 5, memory: 1 })), undefined);
  });

  it("a pod is known when all of its containers are", () => {
    const known: Pair = { earlier: sample(10, 1), later: sample(20, 2) };
    const pairs = new Map<string, Pair>([
      ["pods/whole/a", known],
      ["pods/whole/b", known],
      ["pods/half/a", known],
      ["pods/half/b", { later: sample(20, 2) }],
      ["", known],
    ]);
    const metrics = metricsOf(new Map([["node-0", pairs]]));
    assert.deepEqual([...(metrics.pod("pods", "whole")?.keys() ?? [])], ["a", "b"]);
    assert.equal(metrics.pod("pods", "half"), undefined);
    assert.equal(metrics.pod("pods", "none"), undefined);
    assert.equal(metrics.node("node-0")?.processor, 0.1);
    assert.equal(metrics.node("node-1"), undefined);
  });
});

const pod = (name: string): KubeObject => ({
  ...{ apiVersion: "v1", kind: "Pod" },
  metadata: { name, namespace: "pods", labels: { app: name }, uid: "1" },
});

/** An API that lists two pods, remembers what it was asked, and refuses a selector. */
function cluster(): { readonly api: KubeApi; readonly asked: string[] } {
  const asked: string[] = [];
  const api = {
    find: (path: string) => {
      asked.push(path);
      return Promise.resolve(path.endsWith("/busy") ? pod("busy") : undefined);
    },
    list: (path: string) => {
      asked.push(decodeURIComponent(path));
      if (path.includes("%21%21")) return Promise.reject(new KubeError(400, "unable to parse requirement"));
      return Promise.resolve([pod("busy"), pod("new")]);
    },
  };
  return { api: api as unknown as KubeApi, asked };
}

const usage = { processor: 0.25, memory: 1_048_576, at: start + 500, window: 15_250 };
const older = { ...usage, at: start - 1000, window: 10_000 };
const known = {
  node: (name: string) => (name === "busy" ? usage : undefined),
  pod: (_: string, name: string) =>
    name === "busy"
      ? new Map([
          ["shell", usage],
          ["proxy", older],
        ])
      : undefined,
};
const base = "/apis/metrics.k8s.io/v1beta1";
const used = { usage: { cpu: "250000000n", memory: "1024Ki" } };

interface Listed {
  readonly kind: string;
  readonly items: readonly (Record<string, unknown> & { readonly metadata: Record<string, unknown> })[];
}

describe("metrics.k8s.io", () => {
  it("discovery has nodes and pods, which can be read", async () => {
    const { status, body } = await answer(cluster().api, known, "GET", base);
    assert.equal(status, 200);
    const { resources } = body as { resources: readonly { name: string; kind: string; namespaced: boolean }[] };
    assert.deepEqual(
      resources.map(({ name, kind, namespaced }) => [name, kind, namespaced]),
      [
        ["nodes", "NodeMetrics", false],
        ["pods", "PodMetrics", true],
      ],
    );
  });

  it("a list has the pods that the cluster selects, with the earliest window of their containers", async () => {
    const { api, asked } = cluster();
    const query = "labelSelector=app%20in%20(busy,new)&fieldSelector=metadata.namespace%3Dpods";
    const { status, body } = await answer(api, known, "GET", `${base}/namespaces/pods/pods?${query}`);
    const { kind, items } = body as Listed;
    assert.deepEqual([status, kind, items.length], [200, "PodMetricsList", 1]);
    const [{ metadata, ...rest } = { metadata: {} }] = items;
    assert.deepEqual(
      { name: metadata.name, namespace: metadata.namespace, labels: metadata.labels },
      { name: "busy", namespace: "pods", labels: { app: "busy" } },
    );
    assert.deepEqual(rest, {
      ...{ kind: "PodMetrics", apiVersion: "metrics.k8s.io/v1beta1" },
      ...{ timestamp: "2023-11-14T22:13:19Z", window: "10s" },
      containers: [
        { name: "shell", ...used },
        { name: "proxy", ...used },
      ],
    });
    await answer(api, known, "GET", `${base}/pods`);
    assert.deepEqual(asked, [
      "/api/v1/namespaces/pods/pods?labelSelector=app+in+(busy,new)&fieldSelector=metadata.namespace=pods,status.phase=Running",
      "/api/v1/pods?labelSelector=&fieldSelector=status.phase=Running",
    ]);
  });

  it("one node or pod is found, or not, as metrics-server says it", async () => {
    const { api, asked } = cluster();
    const get = (target: string): ReturnType<typeof answer> => answer(api, known, "GET", `${base}/${target}`);
    const { body } = await get("nodes/busy");
    const { metadata, ...rest } = body as Listed["items"][number];
    assert.equal(metadata.name, "busy");
    assert.deepEqual(rest, {
      ...{ kind: "NodeMetrics", apiVersion: "metrics.k8s.io/v1beta1" },
      ...{ timestamp: "2023-11-14T22:13:20Z", window: "15.25s", ...used },
    });
    assert.equal((await get("namespaces/pods/pods/busy")).status, 200);
    assert.deepEqual(await get("namespaces/pods/pods/new"), {
      status: 404,
      body: {
        ...{ kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 },
        message: 'podmetrics.metrics.k8s.io "pods/new" not found',
      },
    });
    assert.match(JSON.stringify((await get("nodes/none")).body), /nodemetrics\.metrics\.k8s\.io \\"none\\" not found/);
    assert.deepEqual(asked[0], "/api/v1/nodes/busy");
  });

  it("what it does not have, and what the cluster refuses, is refused", async () => {
    const statusOf = async (method: string, target: string): Promise<number> =>
      (await answer(cluster().api, known, method, `${base}${target}`)).status;
    assert.equal(await statusOf("GET", "/namespaces/pods/nodes"), 404);
    assert.equal(await statusOf("GET", "/services"), 404);
    assert.equal(await statusOf("DELETE", "/pods"), 405);
    assert.equal(await statusOf("GET", "/pods?labelSelector=!!"), 400);
  });

  it("only the API server's certificate is answered", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-metrics-"));
    const lab = labSettings({ ORRERY_LAB: folder });
    try {
      await makeCredentials(lab);
      await makeAuthority(lab);
      const server = await metricsServer(lab, cluster().api, known);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const ask = (cert?: string, key?: string): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          const ca = readFileSync(authorityFile(lab));
          const host = { servername: "metrics-server.kube-system.svc", host: "127.0.0.1", port, path: base };
          const client = cert === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key ?? cert) };
          request({ ...host, ...client, ca, agent: false }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
            .on("error", reject)
            .end();
        });
      try {
        const { certificate, key } = nodeCredentials(lab);
        assert.equal(await ask(certificate, key), 200);
        assert.equal(await ask(), 401);
        // One that the lab's other authority has signed.
        assert.equal(await ask(await certificateFor(lab, "apiserver")), 401);
      } finally {
        server.close();
      }
      const found = registration(lab).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.deepEqual(found, [
        "Service metrics-server",
        "EndpointSlice metrics-server",
        "ClusterRole system:aggregated-metrics-reader",
        "APIService v1beta1.metrics.k8s.io",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
