/** The API group metrics.k8s.io/v1beta1: what `kubectl top` and a HorizontalPodAutoscaler read. */
import { type KubeApi, KubeError, type KubeObject } from "../../api.ts";
import type { Usage } from "./samples.ts";

const group = "metrics.k8s.io";
const apiVersion = `${group}/v1beta1`;

/** What is in use now. */
export interface Metrics {
  /** Of a node; undefined while it is not known. */
  node(name: string): Usage | undefined;
  /** Of a pod's containers by their names; undefined while one of them is not known. */
  pod(namespace: string, name: string): ReadonlyMap<string, Usage> | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const verbs = ["get", "list"];
const discovery = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: apiVersion,
  resources: [
    { name: "nodes", singularName: "", namespaced: false, kind: "NodeMetrics", verbs },
    { name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs },
  ],
};

/**
 * Answers a request. Which objects there are, and which a selector means, is the cluster's own answer for its nodes and pods.
 * @param target - path and query
 */
export async function answer(api: KubeApi, metrics: Metrics, method: string, target: string): Promise<Answer> {
  const { pathname, searchParams } = new URL(target, "https://metrics");
  if (method !== "GET") return failure(405, "MethodNotAllowed", `${method} is not supported on metrics`);
  if (pathname === `/apis/${apiVersion}`) return { status: 200, body: discovery };
  const [, namespace, resource, name] =
    /^(?:\/namespaces\/([^/]+))?\/(nodes|pods)(?:\/([^/]+))?$/.exec(pathname.replace(`/apis/${apiVersion}`, "")) ?? [];
  if (resource === undefined || (resource === "nodes" && namespace !== undefined))
    return failure(404, "NotFound", "the server could not find the requested resource");
  const at = `/api/v1${namespace === undefined ? "" : `/namespaces/${namespace}`}/${resource}`;
  const isNodes = resource === "nodes";
  const measured = (object: KubeObject): object[] => (isNodes ? nodeMetrics : podMetrics)(metrics, object);
  try {
    if (name !== undefined) {
      const object = await api.find(`${at}/${name}`);
      const [found] = object === undefined ? [] : measured(object);
      if (found !== undefined) return { status: 200, body: found };
      const kind = isNodes ? "nodemetrics" : "podmetrics";
      const full = namespace === undefined ? name : `${namespace}/${name}`;
      return failure(404, "NotFound", `${kind}.${group} "${full}" not found`);
    }
    const items = (await api.list(`${at}?${selectors(searchParams, isNodes)}`)).flatMap(measured);
    const kind = isNodes ? "NodeMetricsList" : "PodMetricsList";
    return { status: 200, body: { kind, apiVersion, metadata: {}, items } };
  } catch (error) {
    if (error instanceof KubeError) return failure(error.status, "", error.message);
    throw error;
  }
}

/** The query's selectors. Pods that have ended use nothing. */
function selectors(query: URLSearchParams, isNodes: boolean): string {
  const fields = [query.get("fieldSelector") ?? "", isNodes ? "" : "status.phase=Running"].filter(Boolean).join(",");
  return new URLSearchParams({ labelSelector: query.get("labelSelector") ?? "", fieldSelector: fields }).toString();
}

function nodeMetrics(metrics: Metrics, { metadata: { name, labels } }: KubeObject): object[] {
  const usage = metrics.node(name);
  if (usage === undefined) return [];
  return [
    { kind: "NodeMetrics", apiVersion, metadata: metadataOf({ name, labels }), ...during(usage), ...used(usage) },
  ];
}

function podMetrics(metrics: Metrics, { metadata: { name, namespace = "", labels } }: KubeObject): object[] {
  const usages = [...(metrics.pod(namespace, name) ?? [])];
  const [first] = usages.map(([, usage]) => usage).toSorted((a, b) => a.at - b.at);
  if (first === undefined) return [];
  const containers = usages.map(([container, usage]) => ({ name: container, ...used(usage) }));
  const metadata = metadataOf({ name, namespace, labels });
  return [{ kind: "PodMetrics", apiVersion, metadata, ...during(first), containers }];
}

const metadataOf = (metadata: object): object => ({ ...metadata, creationTimestamp: seconds(Date.now()) });

/** A time as the API writes it. */
const seconds = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

const during = ({ at, window }: Usage): object => ({ timestamp: seconds(at), window: `${window / 1000}s` });

const used = ({ processor, memory }: Usage): object => ({
  usage: { cpu: `${Math.round(processor * 1e9)}n`, memory: `${Math.round(memory / 1024)}Ki` },
});

function failure(code: number, reason: string, message: string): Answer {
  return { status: code, body: { kind: "Status", apiVersion: "v1", status: "Failure", reason, code, message } };
}
