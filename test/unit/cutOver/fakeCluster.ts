/** Stands in for kubectl and a cluster behind it: lists, patches, and pods that come and go at once. */
import { Kubectl } from "../../../ops/lib/kube/kubectl.ts";
import { type Json, asObject, asText } from "../../../policy/manifest.ts";

/** Kinds by the names that `api-resources` prints. */
const resources: Readonly<Record<string, string>> = {
  ...{ "deployments.apps": "Deployment", "statefulsets.apps": "StatefulSet", "daemonsets.apps": "DaemonSet" },
  ...{ "cronjobs.batch": "CronJob", "jobs.batch": "Job", "deploymentconfigs.apps.openshift.io": "DeploymentConfig" },
  ...{
    persistentvolumeclaims: "PersistentVolumeClaim",
    services: "Service",
    replicationcontrollers: "ReplicationController",
  },
  ...{
    "routes.route.openshift.io": "Route",
    "ingresses.extensions": "Ingress",
    pods: "Pod",
    "deployments.extensions": "Deployment",
  },
};

/** An object as tests write it. */
export function object(apiVersion: string, kind: string, place: string, spec: object = {}, more: object = {}): Json {
  const [namespace, name] = place.split("/");
  return { apiVersion, kind, metadata: { namespace, name }, spec, ...more };
}

/** A workload whose pods are there. */
export function workload(
  kind: string,
  place: string,
  replicas: number,
  pod: object = {},
  apiVersion = "apps/v1",
): Json {
  const template = { metadata: { labels: { name: place.split("/")[1] } }, spec: pod };
  return object(apiVersion, kind, place, { replicas, template }, { status: { replicas, readyReplicas: replicas } });
}

export const cronJob = (place: string, suspend = false, apiVersion = "batch/v1beta1"): Json =>
  object(apiVersion, "CronJob", place, { suspend });

export class FakeCluster extends Kubectl {
  objects: readonly Json[];
  /** Is called before each call is answered. */
  before: (words: readonly string[]) => void = () => undefined;
  /** Is called after it had its effect. */
  after: (words: readonly string[]) => void = () => undefined;
  private readonly server: string;

  constructor(server: string, objects: readonly Json[]) {
    super(undefined, {});
    this.server = server;
    this.objects = objects;
  }

  override output(words: readonly string[]): Promise<string> {
    return Promise.resolve().then(() => {
      this.before(words);
      const answer = this.answer(words);
      this.after(words);
      return answer;
    });
  }

  override within(): this {
    return this;
  }

  /** `Deployment packit/web: 2` and `CronJob packit/clean: suspended` of everything that has such a number. */
  get runs(): readonly string[] {
    return this.objects.flatMap(({ kind, metadata, spec }) => {
      const { namespace, name } = asObject(metadata);
      const { replicas, suspend } = asObject(spec);
      if (replicas === undefined && suspend === undefined) return [];
      const runs = suspend === undefined ? String(replicas) : suspend === true ? "suspended" : "on";
      return [`${asText(kind)} ${asText(namespace)}/${asText(name)}: ${runs}`];
    });
  }

  /** What may act at any time. */
  harmless = /postgres|default\//;

  /** Whether something else acts. */
  get acts(): boolean {
    return this.runs.some((one) => !this.harmless.test(one) && !/: (0|suspended)$/.test(one));
  }

  /** Patches everything of a name. */
  set(title: string, spec: object): void {
    this.objects = this.objects.map((one) => {
      const { namespace, name } = asObject(one.metadata);
      if (`${asText(one.kind)} ${asText(namespace)}/${asText(name)}` !== title) return one;
      const next = { ...asObject(one.spec), ...spec };
      const pods = Number(asObject(next).replicas ?? 0);
      return { ...one, spec: next, ...("replicas" in next ? { status: { replicas: pods, readyReplicas: pods } } : {}) };
    });
  }

  private answer([verb = "", what = "", ...rest]: readonly string[]): string {
    const namespace = rest[rest.indexOf("--namespace") + 1] ?? "";
    if (verb === "config") return JSON.stringify({ clusters: [{ cluster: { server: this.server } }] });
    if (verb === "api-resources") return Object.keys(resources).join("\n");
    if (verb === "get") {
      const kinds = new Set(what.split(",").map((one) => resources[one]));
      const items = this.objects.filter(
        ({ kind, metadata }) => kinds.has(asText(kind)) && asObject(metadata).namespace === namespace,
      );
      return JSON.stringify({ items });
    }
    if (verb === "patch") {
      const { spec } = JSON.parse(rest.at(-1) ?? "") as { spec: object };
      this.set(`${resources[what] ?? what} ${namespace}/${rest[0] ?? ""}`, spec);
      return "patched";
    }
    throw new Error(`kubectl ${verb} is not played`);
  }
}
