/** Every daemon of a cluster with a real node is killed, one after the other: what status says, and what works again after up. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import type { Health } from "../../lab/component.ts";
import { crash } from "../../lab/demo/crash.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { objectsOf } from "../../lab/harness/kube.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { api, cluster, inPod, kubectl, namespace, quiet, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";
import { programOf } from "./pods/processes.ts";
import { ask, curl, route } from "./pods/traffic.ts";

/** A daemon, and the row of `lab status` that tells of its end. */
interface Daemon {
  readonly name: string;
  readonly row: string;
  readonly says: RegExp;
  /** Whether other rows need it, too. @default false */
  readonly needed?: boolean;
}

interface Pod extends KubeObject {
  readonly status: {
    readonly containerStatuses?: readonly { readonly containerID?: string; readonly restartCount: number }[];
  };
}

const onNode = (name: string): Daemon => ({
  ...{ name, row: "node-0 (real)" },
  says: new RegExp(`^${name}: not running; npm run lab -- up starts it$`),
});
const shared = (name: string): Daemon => ({ ...onNode(name), row: "images, volumes" });
const silent = /^no response on port \d+$/;

const daemons: readonly Daemon[] = [
  { name: "etcd", row: "etcd", says: /^no response on \S+\/etcd\.sock$/, needed: true },
  { name: "apiserver", row: "kubernetes API", says: silent, needed: true },
  { name: "controllers", row: "controllers", says: silent },
  { name: "scheduler", row: "scheduler", says: silent },
  shared("nodes-forward"),
  shared("nodes-controller"),
  { name: "router", row: "router", says: /^no response at \S+; see log\/router\.log$/ },
  onNode("node-0-containerd"),
  onNode("node-0-kubelet"),
  onNode("node-0-proxy"),
  { ...onNode("node-0"), says: /^node-0, node-0-containerd, node-0-kubelet, node-0-proxy: not running/, needed: true },
];

const host = "page.example.test";
const object = objectsOf(namespace);
const labels = { app: "page" };

/** A web server by Service and Route, whose image is asked for whenever a pod starts. */
const page: readonly KubeObject[] = [
  object("v1", "ConfigMap", "page", { data: { "index.html": "still here\n" } }),
  object("apps/v1", "Deployment", "page", {
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: "page",
              image: "docker.io/library/busybox:1",
              imagePullPolicy: "Always",
              command: ["httpd", "-f", "-p", "8080", "-h", "/www"],
              readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
              volumeMounts: [{ name: "www", mountPath: "/www" }],
            },
          ],
          volumes: [{ name: "www", configMap: { name: "page" } }],
        },
      },
    },
  }),
  object("v1", "Service", "page", { spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }),
  route("page", { host, to: { name: "page" } }),
];

describe("daemons of a real node's cluster that are killed", () => {
  const started = useRealNodes(1);

  /** What the page's callers get: through the router, and in a pod by the Service's name. */
  async function assertAnswers(): Promise<void> {
    const seen = async (): Promise<readonly string[]> => [
      (await ask(`http://${host}/`)).body,
      await inPod("client", ...curl, "http://page/").catch(String),
    ];
    await eventually("the page", seen, (bodies) => bodies.every((body) => body === "still here\n"));
  }
  async function rollOut(): Promise<void> {
    await kubectl("rollout", "restart", "deployment/page");
    await kubectl("rollout", "status", "deployment/page", "--timeout=60s");
  }
  /** Uids of both pods, and how often their containers were started again, when the earlier pods are gone. */
  async function running(): Promise<readonly unknown[]> {
    const pods = await eventually(
      "two pods",
      () => api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`),
      ({ length }) => length === 2,
    );
    return pods.map(({ metadata, status }) => [metadata.uid, status.containerStatuses?.[0]?.restartCount]);
  }
  const health = (): Promise<Health[]> => started().health(cluster);
  const down = (rows: readonly Health[]): readonly Health[] => rows.filter(({ healthy }) => !healthy);

  before(async () => {
    for (const one of [...page, shell("client", "node-0")]) await api.apply(one);
    await kubectl("rollout", "status", "deployment/page", "--timeout=60s");
    await kubectl("wait", "pod/client", "--for=condition=Ready", "--timeout=60s");
    await assertAnswers();
    assert.deepEqual(down(await health()), []);
  });

  it("these are all of the lab's daemons", () => {
    const known = readdirSync(path.join(cluster.dir, "run")).filter((file) => file.endsWith(".pid"));
    assert.deepEqual(known.sort(), daemons.map(({ name }) => `${name}.pid`).sort());
  });

  for (const { name, row, says, needed = false } of daemons) {
    it(`${name}: status names it, up starts it, the pods ${name === "node-0" ? "come back" : "go on"}, and new ones start`, async () => {
      const before = await running();
      process.kill(await programOf(name), "SIGKILL");
      const seen = await eventually(
        "the DOWN row",
        async () => down(await health()),
        (rows) => rows.some((one) => one.name === row && says.test(one.detail)),
      );
      if (!needed)
        assert.deepEqual(
          seen.map((one) => one.name),
          [row],
        );
      await started().up(cluster, quiet);
      assert.deepEqual(down(await health()), []);
      await assertAnswers();
      if (name !== "node-0") assert.deepEqual(await running(), before);
      await rollOut();
      await assertAnswers();
    });
  }

  it("CoreDNS: the kubelet starts it; when it must wait before that, status says so, and up waits, too", async () => {
    const own = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns";
    await eventually(
      "the DOWN row",
      async () => {
        // The first time it is there again at once.
        for (const { status } of await api.list<Pod>(own)) crash(status.containerStatuses?.[0]?.containerID ?? "none");
        return down(await health());
      },
      (rows) => rows.length === 1 && rows[0]?.name === "cluster DNS" && rows[0].detail.startsWith("not ready; "),
    );
    await started().up(cluster, quiet);
    assert.deepEqual(down(await health()), []);
    await assertAnswers();
  });
});
