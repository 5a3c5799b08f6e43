/**
 * The ReplicationControllers of a DeploymentConfig: made, scaled, ended and deleted.
 * Source: re-implemented after github.com/openshift/openshift-controller-manager, pkg/apps/deploymentconfig and pkg/apps/deployer.
 */
import { type KubeApi, KubeError, type KubeObject } from "../../api.ts";
import {
  activeOf,
  annotation,
  type Condition,
  type DeploymentConfig,
  desiredOf,
  isCancelled,
  madeFrom,
  newestFirst,
  ownerOf,
  phaseOf,
  type ReplicationController,
  rolloutOf,
  type Template,
  versionOf,
} from "./objects.ts";
import { nextStep, timeoutOf } from "./strategies.ts";

export interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string };
}

/** When a rollout's number of pods was last changed here: without progress it fails. */
const scaledAt = "orrery.lab/scaled-at";

const collectionOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/replicationcontrollers`;

/** The config's rollouts, newest first; those without an owner become its own. */
export async function claimed(
  api: KubeApi,
  config: DeploymentConfig,
  controllers: readonly ReplicationController[],
): Promise<readonly ReplicationController[]> {
  const { namespace, name, uid, deletionTimestamp } = config.metadata;
  const own: ReplicationController[] = [];
  for (const one of controllers) {
    const { metadata } = one;
    if (metadata.namespace !== namespace || metadata.labels?.[annotation.config] !== name) continue;
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.uid === uid) own.push(one);
    if (owner !== undefined || deletionTimestamp !== undefined || metadata.deletionTimestamp !== undefined) continue;
    await change(api, one, { metadata: { ownerReferences: [...(metadata.ownerReferences ?? []), ownerOf(config)] } });
    own.push(one);
  }
  return newestFirst(own);
}

/** Changes a ReplicationController, unless it is another one by now. */
async function change(
  api: KubeApi,
  { metadata: { namespace, name, resourceVersion } }: ReplicationController,
  { metadata, spec }: { readonly metadata?: object; readonly spec?: object },
): Promise<void> {
  await api.patch(`${collectionOf(namespace)}/${name}`, {
    metadata: { ...metadata, resourceVersion },
    ...(spec && { spec }),
  });
}

const scale = (api: KubeApi, one: ReplicationController, replicas: number, now: Date): Promise<void> =>
  change(api, one, { metadata: { annotations: { [scaledAt]: now.toISOString() } }, spec: { replicas } });

/** Ends a rollout with the annotations that OpenShift's controller of deployer pods writes. */
export async function end(
  api: KubeApi,
  rollout: ReplicationController,
  phase: "Complete" | "Failed",
  reason?: string,
  cancelled = false,
): Promise<void> {
  const done = { [annotation.desired]: null, [annotation.replicas]: String(desiredOf(rollout)) };
  const annotations = {
    [annotation.phase]: phase,
    ...(phase === "Complete" && done),
    ...(reason !== undefined && { [annotation.reason]: reason }),
    ...(cancelled && { [annotation.cancelled]: "true" }),
  };
  await change(api, rollout, { metadata: { annotations } });
}

/** Creates the latest version's rollout. @returns the condition that says so, or why it cannot be created */
export async function create(api: KubeApi, config: DeploymentConfig, template: Template): Promise<Condition> {
  const { namespace, name, uid } = config.metadata;
  const version = config.status?.latestVersion ?? 0;
  const called = `${name}-${version}`;
  const message = `Created new replication controller "${called}" for version ${version}`;
  const created = { type: "Progressing", status: "True", reason: "NewReplicationControllerCreated", message };
  try {
    await api.post(collectionOf(namespace), rolloutOf(config, template));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const other =
      error.status === 409 ? await api.find<ReplicationController>(`${collectionOf(namespace)}/${called}`) : undefined;
    // The watch brings the own one soon.
    if (other?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) return created;
    const { message: reason } = error;
    return { type: "Progressing", status: "False", reason: "ReplicationControllerCreateError", message: reason };
  }
  const { pre, mid, post } = { ...config.spec.strategy?.rollingParams, ...config.spec.strategy?.recreateParams };
  if ((pre ?? mid ?? post) !== undefined) console.error(`${namespace}/${called}: its lifecycle hooks are not run`);
  return created;
}

/** Does the next step of the latest rollout. */
export async function advance(
  api: KubeApi,
  latest: ReplicationController,
  rollouts: readonly ReplicationController[],
  pods: readonly Pod[],
  now: Date,
): Promise<void> {
  if (isCancelled(latest)) return end(api, latest, "Failed");
  if (phaseOf(latest) === "New") {
    return change(api, latest, { metadata: { annotations: { [annotation.phase]: "Running" } } });
  }
  const from = activeOf(rollouts);
  for (const one of rollouts) {
    if (one !== latest && one !== from && one.spec.replicas !== 0) await scale(api, one, 0, now);
  }
  const timeout = timeoutOf(madeFrom(latest).strategy);
  if (now.getTime() - progressOf(latest, from) > timeout * 1000) {
    return end(api, latest, "Failed", `no progress within ${timeout} s`);
  }
  const step = nextStep(latest, from, !pods.some((pod) => from !== undefined && isRunning(pod, from)));
  if (step === "complete") return end(api, latest, "Complete");
  if (step !== "wait") return scale(api, step.scale, step.to, now);
}

/** When a rollout's numbers were last changed, in milliseconds. */
function progressOf({ metadata }: ReplicationController, from: ReplicationController | undefined): number {
  const times = [metadata.creationTimestamp, metadata.annotations?.[scaledAt], from?.metadata.annotations?.[scaledAt]];
  return Math.max(...times.flatMap((time) => (time === undefined ? [] : [Date.parse(time)])));
}

const isRunning = ({ metadata, status }: Pod, of: ReplicationController): boolean =>
  metadata.namespace === of.metadata.namespace &&
  metadata.labels?.deployment === of.metadata.name &&
  !["Failed", "Succeeded"].includes(status?.phase ?? "");

/** The last version that succeeded follows the config's number of pods, and the others have none. */
export async function settle(
  api: KubeApi,
  config: DeploymentConfig,
  rollouts: readonly ReplicationController[],
  now: Date,
): Promise<void> {
  const active = activeOf(rollouts);
  const { replicas, test } = config.spec;
  for (const one of rollouts) {
    const wanted = one === active && test !== true ? replicas : 0;
    if (one.spec.replicas !== wanted) await scale(api, one, wanted, now);
  }
}

/** Deletes the oldest rollouts that the history has no room for. */
export async function prune(
  api: KubeApi,
  config: DeploymentConfig,
  rollouts: readonly ReplicationController[],
): Promise<void> {
  const { revisionHistoryLimit: limit = 10 } = config.spec;
  const current = activeOf(rollouts) ?? rollouts[0];
  const old = current === undefined ? [] : rollouts.filter((one) => versionOf(one) < versionOf(current));
  for (const one of old.slice(limit)) {
    const { namespace, name } = one.metadata;
    if (one.spec.replicas === 0) await api.delete(`${collectionOf(namespace)}/${name}?propagationPolicy=Background`);
  }
}
