/**
 * What makes a DeploymentConfig roll out: a tag that leads to another image, or a changed template.
 * Source: re-implemented after github.com/openshift/openshift-controller-manager, pkg/image/trigger/deploymentconfigs and pkg/apps.
 */
import { isDeepStrictEqual } from "node:util";
import { latestImage } from "../imageTriggers.ts";
import type { ImageStream } from "../imageStreams.ts";
import {
  type Container,
  type DeploymentConfig,
  madeFrom,
  type ReplicationController,
  type Status,
  type Trigger,
} from "./objects.ts";

/** The triggers; without the field there is one for changes of the config. */
export const triggersOf = ({ spec }: DeploymentConfig): readonly Trigger[] =>
  spec.triggers ?? [{ type: "ConfigChange" }];

/**
 * The merge that gives a config the images of its tags.
 * @returns undefined if it has them, or if a tag has never been imported
 */
export function withImages(config: DeploymentConfig, streams: readonly ImageStream[]): object | undefined {
  const { template } = config.spec;
  if (template === undefined || template === null) return undefined;
  const before: Containers = template.spec;
  let after = before;
  const triggers: Trigger[] = [];
  for (const trigger of triggersOf(config)) {
    const params = trigger.imageChangeParams;
    if (params?.automatic !== true || (params.from.kind ?? "ImageStreamTag") !== "ImageStreamTag") {
      triggers.push(trigger);
      continue;
    }
    const namespace = params.from.namespace ?? config.metadata.namespace;
    const image = latestImage(streams, namespace, params.from.name) ?? params.lastTriggeredImage;
    if (image === undefined) return undefined;
    const names = params.containerNames ?? [];
    const given = (one: Container): Container => (names.includes(one.name) ? { ...one, image } : one);
    after = listsOf(after, (list) => list.map(given));
    triggers.push({ ...trigger, imageChangeParams: { ...params, lastTriggeredImage: image } });
  }
  const spec = listsOf(after);
  if (isDeepStrictEqual([spec, triggers], [listsOf(before), triggersOf(config)])) return undefined;
  // Lists are merged as a whole, so nobody may have changed them meanwhile.
  return { metadata: { resourceVersion: config.metadata.resourceVersion }, spec: { triggers, template: { spec } } };
}

interface Containers {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

/** The lists of containers that are there, and nothing else of a pod's spec. */
function listsOf(
  { containers, initContainers }: Containers,
  change: (list: readonly Container[]) => readonly Container[] = (list) => list,
): Containers {
  return { containers: change(containers), ...(initContainers && { initContainers: change(initContainers) }) };
}

/**
 * Why a new version is due, as its status says it.
 * @param latest - the rollout of the latest version, if it is there
 * @returns "wait" for a config whose images are not known yet, undefined if nothing is due
 */
export function dueTo(
  config: DeploymentConfig,
  latest: ReplicationController | undefined,
): NonNullable<Status["details"]> | "wait" | undefined {
  const triggers = triggersOf(config);
  const images = triggers.filter(({ type }) => type === "ImageChange");
  const ofConfig = triggers.some(({ type }) => type === "ConfigChange");
  const configChange = { message: "config change", causes: [{ type: "ConfigChange" }] };
  if (images.length === 0 && !ofConfig) return undefined;
  if ((config.status?.latestVersion ?? 0) === 0) {
    const known = images.every(({ imageChangeParams }) => (imageChangeParams?.lastTriggeredImage ?? "") !== "");
    return known ? configChange : "wait";
  }
  if (latest === undefined) return undefined;
  if (images.length > 0) {
    const before = new Set(latest.spec.template.spec.containers.map(({ image }) => image));
    const now = config.spec.template?.spec.containers.map(({ image }) => image?.trim() ?? "") ?? [];
    const changed = now.filter((image) => !before.has(image));
    const cause = (name: string) => ({ type: "ImageChange", imageTrigger: { from: { kind: "DockerImage", name } } });
    if (changed.length > 0) return { message: "image change", causes: changed.map(cause) };
  }
  // A changed ReplicationController is no reason: the template that it was made from is compared.
  return ofConfig && !isDeepStrictEqual(config.spec.template, madeFrom(latest).template) ? configChange : undefined;
}
