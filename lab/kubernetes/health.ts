/** Health checks of the cluster's processes, and of a Deployment. */
import { request } from "node:http";
import type { Health } from "../component.ts";
import type { LabSettings } from "../settings.ts";
import { apiAt, type KubeApi, kubeApi, type KubeObject } from "./api.ts";
import { files } from "./files.ts";
import { nodesHealth } from "./nodes/health.ts";
import { realNodes } from "./nodes/plan.ts";
import { defaultStorageClass, nodeNames } from "./objects.ts";

/** Age in seconds of a node's lease at which kwok no longer simulates the node; leases are renewed every 10 s. */
const staleLease = 40;

/** One row per process. */
export async function clusterHealth(lab: LabSettings): Promise<Health[]> {
  const real = realNodes(lab).length > 0;
  const rows = Promise.all([
    row("etcd", () => storeHealth(lab)),
    row("kubernetes API", async () => {
      await healthy(lab.ports.kubernetes, "/readyz");
      return (await kubeApi(lab).get<{ gitVersion: string }>("/version")).gitVersion;
    }),
    row("controllers", () => healthy(lab.ports.controllers, "/healthz")),
    row("scheduler", () => healthy(lab.ports.scheduler, "/readyz")),
    ...(real ? [] : [row("nodes (kwok)", () => fakeNodesHealth(lab))]),
    row("storage class", async () => {
      await kubeApi(lab).get(`/apis/storage.k8s.io/v1/storageclasses/${defaultStorageClass}`);
      return `${defaultStorageClass} is the default`;
    }),
  ]);
  // Without etcd each call to the API takes half a minute, so none waits for another.
  return (await Promise.all([rows, nodesHealth(lab)])).flat();
}

async function row(name: string, check: () => Promise<string>): Promise<Health> {
  try {
    return { name, healthy: true, detail: await check() };
  } catch (error) {
    return { name, healthy: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks etcd on its socket. @throws unless it is healthy */
export function storeHealth(lab: LabSettings): Promise<string> {
  const { etcd: socketPath } = files(lab);
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/health", timeout: 5000 }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve("unix socket");
      else reject(new Error(`status ${answer.statusCode ?? 0}`));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => {
      reject(new Error(`no response on ${socketPath}`));
    });
    asked.end();
  });
}

/** Calls a server's health endpoint. @throws with the failed check */
export async function healthy(port: number, path: string): Promise<string> {
  const answer = await apiAt(port)
    .text(path)
    .catch(() => undefined);
  if (answer === undefined) throw new Error(`no response on port ${port}`);
  if (answer.status !== 200) throw new Error(answer.body.trim().split("\n").at(-1) ?? `status ${answer.status}`);
  return `port ${port}`;
}

interface Node extends KubeObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
interface Lease extends KubeObject {
  readonly spec: { readonly renewTime?: string };
}

/** @throws unless kwok simulates all nodes */
async function fakeNodesHealth(lab: LabSettings): Promise<string> {
  const api = kubeApi(lab);
  const [nodes, leases] = await Promise.all([
    api.list<Node>("/api/v1/nodes"),
    api.list<Lease>("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"),
  ]);
  const ready = nodes.filter(({ status, metadata }) => {
    const renewed = leases.find((lease) => lease.metadata.name === metadata.name)?.spec.renewTime ?? 0;
    return (
      status.conditions?.some(({ type, status: state }) => type === "Ready" && state === "True") === true &&
      Date.now() - new Date(renewed).getTime() < staleLease * 1000
    );
  });
  const seen = `${ready.length} of ${nodeNames.length} ready`;
  if (ready.length < nodeNames.length) throw new Error(`${seen}; see log/kwok.log`);
  return seen;
}

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Whether the newest pod of a Deployment with one is ready. */
export async function newestPodReady(api: KubeApi, namespace: string, name: string): Promise<boolean> {
  const at = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { metadata, status = {} } = await api.get<Deployment>(at);
  const { observedGeneration, updatedReplicas, readyReplicas } = status;
  return observedGeneration === metadata.generation && updatedReplicas === 1 && readyReplicas === 1;
}
