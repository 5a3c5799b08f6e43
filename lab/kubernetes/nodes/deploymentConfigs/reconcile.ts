/**
 * What OpenShift's controllers of DeploymentConfigs do next for one of them.
 * Source: re-implemented after github.com/openshift/openshift-controller-manager, pkg/apps/deploymentconfig.
 */
import { isDeepStrictEqual } from "node:util";
import type { KubeApi } from "../../api.ts";
import { coalesced, eachOnce, follow } from "../follow.ts";
import type { ImageStream } from "../imageStreams.ts";
import { type Condition, type DeploymentConfig, hasEnded, type ReplicationController, versionOf } from "./objects.ts";
import { advance, claimed, create, end, type Pod, prune, settle } from "./rollouts.ts";
import { statusOf } from "./status.ts";
import { dueTo, triggersOf, withImages } from "./triggers.ts";

/** Milliseconds between two looks at rollouts that nothing happens to: they may have failed. */
const interval = 10_000;

/** The cluster's objects as they were last seen. */
export interface Seen {
  readonly streams: readonly ImageStream[];
  readonly controllers: readonly ReplicationController[];
  /** At least those with a label `deployment`. */
  readonly pods: readonly Pod[];
}

const pathOf = ({ metadata: { namespace, name } }: DeploymentConfig): string =>
  `/apis/apps.openshift.io/v1/namespaces/${namespace}/deploymentconfigs/${name}`;

/** Follows the cluster's DeploymentConfigs for ever and rolls them out. */
export function rollOutConfigs(api: KubeApi): void {
  const attempt = eachOnce();
  const changed = coalesced("DeploymentConfigs", 100, async () => {
    const all = [configs.objects(), streams.objects(), controllers.objects(), pods.objects()] as const;
    const [known, ...seen] = all;
    if (known === undefined || seen[0] === undefined || seen[1] === undefined || seen[2] === undefined) return;
    const objects = { streams: seen[0], controllers: seen[1], pods: seen[2] };
    for (const config of known) await attempt(pathOf(config), () => reconcile(api, config, objects, new Date()));
  });
  const configs = follow<DeploymentConfig>(api, "/apis/apps.openshift.io/v1/deploymentconfigs", changed);
  const streams = follow<ImageStream>(api, "/apis/image.openshift.io/v1/imagestreams", changed);
  const controllers = follow<ReplicationController>(api, "/api/v1/replicationcontrollers", changed);
  const pods = follow<Pod>(api, "/api/v1/pods?labelSelector=deployment", changed);
  setInterval(changed, interval);
}

/** Does what is due for a config; changes of the objects lead to the next call. @throws what the API refuses */
export async function reconcile(api: KubeApi, config: DeploymentConfig, seen: Seen, now: Date): Promise<void> {
  const { status: { latestVersion = 0 } = {}, spec, metadata } = config;
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const images = withImages(config, seen.streams);
  if (images !== undefined && !isDeleted) {
    await api.patch(pathOf(config), images);
    return;
  }
  const rollouts = await claimed(api, config, seen.controllers);
  const write = (status: object): Promise<unknown> =>
    // Somebody may have asked for another version meanwhile.
    api.patch(`${pathOf(config)}/status`, { metadata: { resourceVersion: metadata.resourceVersion }, status });
  const report = async (observed: boolean, ...conditions: readonly Condition[]): Promise<void> => {
    const status = statusOf(config, rollouts, observed, now, conditions);
    if (!isDeepStrictEqual(status, config.status)) await write(status);
  };
  if (isDeleted || (latestVersion === 0 && triggersOf(config).length === 0)) return report(true);
  if (spec.paused === true) {
    await prune(api, config, rollouts);
    return report(true);
  }
  const [newest] = rollouts;
  if (newest !== undefined && versionOf(newest) > latestVersion) {
    // They are of a config of the same name, which was deleted without them.
    await write({ latestVersion: versionOf(newest) });
    return;
  }
  const latest = newest !== undefined && versionOf(newest) === latestVersion ? newest : undefined;
  const others = rollouts.filter((one) => one !== latest && !hasEnded(one));
  if (latest === undefined && others.length > 0) {
    for (const one of others) await end(api, one, "Failed", "newer deployment was found running", true);
    return;
  }
  const { template } = spec;
  if (template === undefined || template === null) throw new Error("spec.template is missing");
  if (template.spec.containers.some(({ image = "" }) => image.trim() === "")) return report(true);
  const due = dueTo(config, latest);
  if (due === "wait") return report(true);
  if (due !== undefined) {
    await write({ latestVersion: latestVersion + 1, details: due });
    return;
  }
  if (latest === undefined) {
    return latestVersion === 0 ? report(true) : report(true, await create(api, config, template));
  }
  if (!hasEnded(latest)) {
    await advance(api, latest, rollouts, seen.pods, now);
    return report(false);
  }
  await settle(api, config, rollouts, now);
  await prune(api, config, rollouts);
  return report(true);
}
