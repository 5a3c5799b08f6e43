/** What runs in namespaces of a cluster, of any age: workloads of old and new kinds, stopped and started by their numbers of pods. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import { listAll } from "../adopt/unmanaged.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { Was } from "./journal.ts";

/** In this order an object that two groups of the API have is taken from the newer one. */
const kinds = [
  ...["deployments.apps", "deployments.extensions", "statefulsets.apps", "daemonsets.apps", "daemonsets.extensions"],
  ...["deploymentconfigs.apps.openshift.io", "replicationcontrollers", "cronjobs.batch", "jobs.batch", "pods"],
];

/** What else a cut-over looks at. */
const others = [
  ...["persistentvolumeclaims", "services", "routes.route.openshift.io"],
  ...["ingresses.networking.k8s.io", "ingresses.extensions"],
];

/** Kinds that have a number of pods, or can be suspended. */
const plurals: Readonly<Record<string, string>> = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DeploymentConfig: "deploymentconfigs",
  ReplicationController: "replicationcontrollers",
  CronJob: "cronjobs",
};

/** One of them, as it is now. */
export interface Workload extends Was {
  readonly kind: string;
  /** Pods that are there, whatever their number is to be. */
  readonly pods: number;
  readonly ready: number;
  readonly object: Json;
}

/** Asks for everything in some namespaces. @throws in one line if the cluster does not answer */
export function survey(kubectl: Kubectl, namespaces: readonly string[]): Promise<readonly Json[]> {
  return unique(kubectl, [...kinds, ...others], namespaces);
}

/** The same for what runs only. */
export function surveyRunning(kubectl: Kubectl, namespaces: readonly string[]): Promise<readonly Json[]> {
  return unique(kubectl, kinds, namespaces);
}

async function unique(
  kubectl: Kubectl,
  wanted: readonly string[],
  namespaces: readonly string[],
): Promise<readonly Json[]> {
  const all = new Map<string, Json>();
  for (const one of await listAll(kubectl, wanted, namespaces)) {
    if (!all.has(titleOf(one))) all.set(titleOf(one), one);
  }
  return [...all.values()];
}

/** `Kind namespace/name` */
export function titleOf({ kind, metadata }: Json): string {
  const { namespace, name } = asObject(metadata);
  return `${asText(kind)} ${asText(namespace)}/${asText(name)}`;
}

/** The workloads among objects; what a DeploymentConfig made is a part of it. */
export function workloadsOf(objects: readonly Json[]): readonly Workload[] {
  return objects.flatMap((object): readonly Workload[] => {
    const [kind, { namespace, name, ownerReferences }] = [asText(object.kind), asObject(object.metadata)];
    const plural = plurals[kind];
    if (plural === undefined || (kind === "ReplicationController" && asList(ownerReferences).length > 0)) return [];
    const [group = ""] = asText(object.apiVersion).includes("/") ? asText(object.apiVersion).split("/") : [];
    const [spec, status] = [asObject(object.spec), asObject(object.status)];
    const runs = kind === "CronJob" ? { suspend: spec.suspend === true } : { replicas: Number(spec.replicas ?? 1) };
    return [
      {
        ...{ title: titleOf(object), kind, resource: group === "" ? plural : `${plural}.${group}` },
        ...{ namespace: asText(namespace), name: asText(name), object, ...runs },
        ...{ pods: Number(status.replicas ?? 0), ready: Number(status.readyReplicas ?? 0) },
      },
    ];
  });
}

/** Whether it acts, or is about to. */
export const isOn = ({ replicas = 0, suspend }: Was): boolean => replicas > 0 || suspend === false;

/** What of these objects still acts, a line each. @param counts - which workloads and Jobs, by title, are looked at; a Job is its CronJob's */
export function busy(objects: readonly Json[], counts: (title: string) => boolean): readonly string[] {
  const workloads = workloadsOf(objects)
    .filter((one) => counts(one.title) && (isOn(one) || one.pods > 0))
    .map((one) => {
      if (one.suspend === false) return `${one.title} is not suspended`;
      return `${one.title} has ${Math.max(one.pods, one.replicas ?? 0)} pods`;
    });
  const jobs = objects
    .filter((one) => one.kind === "Job" && Number(asObject(one.status).active ?? 0) > 0)
    .filter((one) => counts(ownerOf(one) ?? titleOf(one)))
    .map((one) => `${titleOf(one)} runs`);
  // A pod that is being deleted is no longer counted by its workload, and still at work.
  const pods = objects
    .filter((one) => one.kind === "Pod" && !["Succeeded", "Failed"].includes(asText(asObject(one.status).phase)))
    .filter((one) => {
      const owner = ownerOf(one) ?? titleOf(one);
      return !owner.startsWith("Job ") && counts(owner);
    })
    .map((one) => `${titleOf(one)} has not ended`);
  return [...workloads, ...jobs, ...pods];
}

/** The workload that made a pod or a Job; that of a pod by the name of what is between them. */
function ownerOf({ kind, metadata }: Json): string | undefined {
  const { namespace, ownerReferences, labels } = asObject(metadata);
  const owner = asList(ownerReferences).find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const [made, name] = [asText(owner.kind), asText(owner.name)];
  const config = asText(asObject(labels).deploymentconfig);
  const title = (of: string, called: string): string => `${of} ${asText(namespace)}/${called}`;
  if (kind === "Pod" && made === "ReplicaSet") return title("Deployment", name.replace(/-[^-]+$/, ""));
  if (made === "ReplicationController" && config !== "") return title("DeploymentConfig", config);
  return title(made, name);
}

/** Takes a workload's pods away, or suspends it. */
export const stop = (kubectl: Kubectl, { suspend, ...one }: Was): Promise<void> =>
  patch(kubectl, one, suspend === undefined ? { replicas: 0 } : { suspend: true });

/** Gives it what it had. */
export const restore = (kubectl: Kubectl, { suspend, replicas, ...one }: Was): Promise<void> =>
  patch(kubectl, one, suspend === undefined ? { replicas } : { suspend });

async function patch(kubectl: Kubectl, { resource, name, namespace }: Was, spec: object): Promise<void> {
  const words = ["patch", resource, name, "--namespace", namespace, "--type", "merge"];
  await kubectl.output([...words, "--patch", JSON.stringify({ spec })]);
}
