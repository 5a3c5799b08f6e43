/** What `lab status` says about real nodes and what serves them. */
import { existsSync, readdirSync } from "node:fs";
import type { Health } from "../../component.ts";
import { imageFolders } from "../../images/build.ts";
import { answers, runningPid } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import { type KubeApi, kubeApi, type KubeObject } from "../api.ts";
import { volumesFolder } from "../files.ts";
import { servedHosts } from "../router/router.ts";
import { nodeDaemonNames, sharedDaemons } from "./daemons.ts";
import { dnsDeployment } from "./dns.ts";
import { familyNames } from "./families.ts";
import { apiServicePath } from "./metrics/registration.ts";
import { asksUpstream, nodeNetwork, type RealNode, realNodes } from "./plan.ts";
import { resolverHealth } from "./resolver.ts";
import { type Claim, overdueClaims, type StorageClass } from "./provisioner.ts";

const startsIt = "npm run lab -- up starts it";
const runs = (lab: LabSettings, name: string): boolean => runningPid(lab.dir, name) !== undefined;

/** One row for each node, and those of what pods need to run: a start waits for all of them. */
export async function nodesHealth(lab: LabSettings): Promise<Health[]> {
  const nodes = realNodes(lab);
  if (nodes.length === 0) return [];
  const api = kubeApi(lab);
  const shared = [routerHealth(lab), dnsHealth(api)];
  return Promise.all([...nodes.map((node) => nodeHealth(lab, api, node)), ...shared]);
}

/** The rows that nothing waits for: images, which a start asks for otherwise, volumes, which depend on the claims that there are, metrics and names. */
export async function servicesHealth(lab: LabSettings): Promise<Health[]> {
  if (realNodes(lab).length === 0) return [];
  const api = kubeApi(lab);
  const ended = sharedDaemons(lab)
    .map(({ name }) => name)
    .filter((name) => name !== "router" && name !== "resolver" && !runs(lab, name));
  return Promise.all([imagesHealth(lab, ended), volumesHealth(lab, api), metricsHealth(api), resolverHealth(lab)]);
}

interface Conditions extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

const condition = (object: Conditions | undefined, name: string) =>
  object?.status?.conditions?.find(({ type }) => type === name);

async function nodeHealth(lab: LabSettings, api: KubeApi, node: RealNode): Promise<Health> {
  const ended = nodeDaemonNames(node).filter((name) => !runs(lab, name));
  const name = `${node.name} (real)`;
  if (ended.length > 0) return { name, healthy: false, detail: `${ended.join(", ")}: not running; ${startsIt}` };
  const found = await api.find<Conditions>(`/api/v1/nodes/${node.name}`).catch(() => undefined);
  const ready = condition(found, "Ready")?.status === "True";
  return { name, healthy: ready, detail: ready ? node.address : `not ready; see log/${node.name}-kubelet.log` };
}

/** @param ended - processes that nodes pull through and that do not run */
export async function imagesHealth(lab: LabSettings, ended: readonly string[]): Promise<Health> {
  const name = "images";
  if (ended.length > 0) return { name, healthy: false, detail: `${ended.join(", ")}: not running; ${startsIt}` };
  const { registry } = lab.ports;
  const status = await fetch(`http://127.0.0.1:${registry}/v2/`, { signal: AbortSignal.timeout(5000) }).then(
    (answer) => answer.status,
    () => undefined,
  );
  if (status !== 200) {
    const said = status === undefined ? "no response" : `status ${status}`;
    return { name, healthy: false, detail: `${said} on port ${registry}; see log/nodes-controller.log` };
  }
  const built = imageFolders().filter((folder) => existsSync(folder));
  const order = asksUpstream(lab) ? "; the images' own registries are asked first" : "";
  const detail = `port ${registry}, ${built.length} image layouts, for nodes in ${nodeNetwork(lab).cidr}; ${familyNames(lab)}${order}`;
  return { name, healthy: true, detail };
}

/** Unhealthy while a claim has been waiting for its volume for more than a minute. */
export async function volumesHealth(lab: LabSettings, api: KubeApi): Promise<Health> {
  const name = "volumes";
  try {
    const claims = await api.list<Claim>("/api/v1/persistentvolumeclaims");
    const classes = await api.list<StorageClass>("/apis/storage.k8s.io/v1/storageclasses");
    const overdue = overdueClaims(claims, classes, new Date());
    const made = existsSync(volumesFolder(lab)) ? readdirSync(volumesFolder(lab)).length : 0;
    const late = overdue.length === 0 ? "" : `; pending for more than a minute: ${overdue.join(", ")}`;
    return { name, healthy: overdue.length === 0, detail: `${made} made${late}` };
  } catch (error) {
    return { name, healthy: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** What the API server says about metrics.k8s.io. */
export async function metricsHealth(api: KubeApi): Promise<Health> {
  const name = "metrics";
  const service = await api.find<Conditions>(apiServicePath).catch(() => undefined);
  const available = condition(service, "Available");
  if (available?.status === "True") return { name, healthy: true, detail: "kubectl top" };
  const missing = "not served; npm run lab -- down, then npm run lab -- up";
  return { name, healthy: false, detail: available?.message ?? missing };
}

async function routerHealth(lab: LabSettings): Promise<Health> {
  const { ingress } = nodeNetwork(lab);
  const routed = await answers(`http://${ingress}/`).catch(() => false);
  return {
    name: "router",
    healthy: routed,
    detail: routed
      ? `${ingress}, ${servedHosts(lab).length} hosts; npm run lab -- browse HOST opens one`
      : `no response at ${ingress}; see log/router.log`,
  };
}

async function dnsHealth(api: KubeApi): Promise<Health> {
  const dns = await api.find<{ status?: { readyReplicas?: number } }>(dnsDeployment).catch(() => undefined);
  const answering = (dns?.status?.readyReplicas ?? 0) > 0;
  return {
    name: "cluster DNS",
    healthy: answering,
    detail: answering ? "CoreDNS" : "not ready; kubectl -n kube-system describe deployment coredns",
  };
}
