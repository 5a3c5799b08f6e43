/** `kubectl top` and a HorizontalPodAutoscaler on real nodes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { objectsOf } from "../../lab/harness/kube.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { api, cluster, kubectl, namespace, quiet, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

/** Bytes that a busy pod keeps. */
const kept = 32 * 2 ** 20;

type Waiting = KubeObject & {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
};

/** The waiting pod's spec with a loop that keeps memory; it may take a tenth of a core. */
function busy(name: string): Waiting["spec"] {
  const memory = `head -c ${kept} /dev/zero >/dev/shm/kept`;
  const resources = { requests: { cpu: "20m" }, limits: { cpu: "100m" } };
  const command = ["sh", "-c", `${memory}; while :; do :; done`];
  return (shell(name, "node-0", undefined, { command, resources }) as Waiting).spec;
}

const object = objectsOf(namespace);
const deployment = object("apps/v1", "Deployment", "busy", {
  spec: {
    selector: { matchLabels: { app: "busy" } },
    template: { metadata: { labels: { app: "busy" } }, spec: busy("busy") },
  },
});

/** Half of what the pods ask for; they take more on the busiest machine. */
const autoscaler = object("autoscaling/v2", "HorizontalPodAutoscaler", "busy", {
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "busy" },
    ...{ minReplicas: 1, maxReplicas: 2 },
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } }],
  },
});

/** Rows of `kubectl top`: a name, thousandths of a core and MiB. */
async function top(...words: readonly string[]): Promise<readonly (readonly [string, number, number])[]> {
  // Until there is a row, kubectl fails.
  const text = await kubectl("top", ...words, "--no-headers").catch(() => "");
  return [...text.matchAll(/^(\S+) +(\d+)m +(?:\d+% +)?(\d+)Mi/gm)].map(([, name = "", cores, memory]) => [
    name,
    Number(cores),
    Number(memory),
  ]);
}

describe("metrics of real nodes", () => {
  const started = useRealNodes(2);

  before(async () => {
    for (const one of [deployment, shell("idle", "node-1")]) await api.apply(one);
    await kubectl("wait", "pod/idle", "--for=condition=Ready", "--timeout=60s");
    await kubectl("rollout", "status", "deployment/busy", "--timeout=60s");
  });

  it("a busy pod takes processor and memory, an idle one next to nothing", async () => {
    const [row] = await eventually(
      "the busy pod",
      () => top("pods", "-l", "app=busy"),
      (rows) => rows.length === 1 && (rows[0]?.[1] ?? 0) > 20,
      90,
    );
    const [name = "", cores = 0, memory = 0] = row ?? [];
    assert.match(name, /^busy-/);
    assert.ok(cores <= 130, `${cores}m with a limit of 100m`);
    assert.ok(memory >= 32 && memory < 64, `${memory}Mi`);
    const [idle] = await eventually(
      "the idle pod",
      () => top("pods", "idle"),
      (rows) => rows.length === 1,
      60,
    );
    assert.ok(idle !== undefined && idle[1] <= 5 && idle[2] < 16, idle?.join(" "));
  });

  it("a node takes at least what its pods take", async () => {
    const rows = await eventually(
      "both nodes",
      () => top("nodes"),
      (found) => found.length === 2,
      60,
    );
    const of = Object.fromEntries(rows.map(([name, ...figures]) => [name, figures]));
    assert.deepEqual(Object.keys(of).sort(), ["node-0", "node-1"]);
    for (const [cores, memory] of rows.map(([, ...figures]) => figures)) assert.ok(cores > 0 && memory > 0);
    assert.ok((of["node-0"]?.[0] ?? 0) > 20, JSON.stringify(of));
    assert.ok((of["node-0"]?.[1] ?? 0) > 32, JSON.stringify(of));
  });

  it("an autoscaler reads what the pods take, and adds one", async () => {
    await api.apply(autoscaler);
    interface Scaled {
      readonly status?: {
        readonly desiredReplicas?: number;
        readonly currentMetrics?: readonly {
          readonly resource?: { readonly current: { averageUtilization?: number } };
        }[];
      };
    }
    const { status } = await eventually(
      "the second pod",
      () => api.get<Scaled>(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/busy`),
      (found) => found.status?.desiredReplicas === 2,
      120,
    );
    const share = status?.currentMetrics?.[0]?.resource?.current.averageUtilization ?? 0;
    assert.ok(share > 55, `${share} percent of what the pods ask for`);
    await kubectl("rollout", "status", "deployment/busy", "--timeout=60s");
    assert.equal((await api.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dbusy`)).length, 2);
  });

  it("an account that may view a namespace reads its metrics and no other's", async () => {
    const subjects = [{ kind: "ServiceAccount", name: "default", namespace }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
    await api.apply(object("rbac.authorization.k8s.io/v1", "RoleBinding", "view", { subjects, roleRef }));
    const reader = kubeApi(cluster, (await kubectl("create", "token", "default")).trim());
    const at = (home: string): string => `/apis/metrics.k8s.io/v1beta1/namespaces/${home}/pods`;
    await eventually(
      "the right",
      () => reader.text(at(namespace)),
      ({ status }) => status === 200,
      30,
    );
    assert.ok((await reader.list(at(namespace))).length > 0);
    assert.equal((await reader.text(at("kube-system"))).status, 403);
  });

  it("nobody but the API server is answered", () => {
    const words = ["-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Remote-Group: system:masters"];
    const url = `https://127.0.0.1:${cluster.ports.metrics}/apis/metrics.k8s.io/v1beta1/nodes`;
    assert.equal(execFileSync("curl", [...words, url], { encoding: "utf8" }), "401");
  });

  it("after a stop and a start of the cluster it is served again", async () => {
    await started().down(cluster);
    await started().up(cluster, quiet);
    await eventually(
      "the idle pod",
      () => top("pods", "idle"),
      (rows) => rows.length === 1,
      90,
    );
    // A kubelet that starts on a busy machine is not ready for a while.
    await eventually(
      "a healthy cluster",
      async () => (await started().health(cluster)).filter(({ healthy }) => !healthy),
      (unhealthy) => unhealthy.length === 0,
      120,
    );
  });
});
