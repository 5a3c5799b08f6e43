/**
 * OpenShift's image triggers: workloads whose annotation names a tag of an ImageStream get the image that the tag leads to.
 * Source: re-implemented after github.com/openshift/library-go, pkg/image/trigger.
 */
import { type KubeApi, type KubeObject, pathOf } from "../api.ts";
import { coalesced, eachOnce, follow, type Followed } from "./follow.ts";
import type { ImageStream } from "./imageStreams.ts";

export const triggersAnnotation = "image.openshift.io/triggers";

interface Trigger {
  readonly from: { readonly kind: string; readonly name: string; readonly namespace?: string };
  /** `spec.template.spec.containers[?(@.name=="web")].image`, or the container's index in the brackets. */
  readonly fieldPath: string;
  /** OpenShift's console writes a text. */
  readonly paused?: boolean | string;
}

interface Container {
  readonly name: string;
  readonly image?: string;
}
type ContainerList = "containers" | "initContainers";
type Containers = Readonly<Partial<Record<ContainerList, readonly Container[]>>>;

/** Where objects of a kind have their pods' spec. */
const podSpecPath = (kind: string): readonly string[] =>
  kind === "CronJob" ? ["spec", "jobTemplate", "spec", "template", "spec"] : ["spec", "template", "spec"];

/**
 * The merge that gives an object the images of its triggers.
 * @returns undefined if it has them, or if none of its tags has been imported
 * @throws if the annotation is no list of triggers, or names a container that does not exist
 */
export function withTriggeredImages(object: KubeObject, streams: readonly ImageStream[]): object | undefined {
  const path = podSpecPath(object.kind);
  const before = path.reduce<unknown>(
    (value, field) => (value as Record<string, unknown>)[field],
    object,
  ) as Containers;
  let after = before;
  for (const { from, fieldPath, paused } of triggersOf(object)) {
    if (String(paused) === "true" || from.kind !== "ImageStreamTag") continue;
    const image = latestImage(streams, from.namespace ?? object.metadata.namespace, from.name);
    if (image === undefined) continue;
    const { list, selector } = containerOf(fieldPath, path.join("."));
    const own = after[list] ?? [];
    const at = own.findIndex(({ name }, index) => selector === String(index) || selector === `?(@.name=="${name}")`);
    if (at < 0) throw new Error(`${triggersAnnotation}: no such container: ${fieldPath}`);
    if (own[at]?.image !== image)
      after = { ...after, [list]: own.map((one, i) => (i === at ? { ...one, image } : one)) };
  }
  if (after === before) return undefined;
  const changed = {
    containers: after.containers,
    ...(after.initContainers && { initContainers: after.initContainers }),
  };
  const nested = path.reduceRight<object>((value, field) => ({ [field]: value }), changed);
  // Lists are merged as a whole, so nobody may have changed them meanwhile.
  return { ...nested, metadata: { resourceVersion: object.metadata.resourceVersion } };
}

function triggersOf({ metadata }: KubeObject): readonly Trigger[] {
  const text = metadata.annotations?.[triggersAnnotation] ?? "[]";
  try {
    return JSON.parse(text) as readonly Trigger[];
  } catch {
    throw new Error(`${triggersAnnotation} is no JSON: ${text}`);
  }
}

function containerOf(fieldPath: string, base: string): { list: ContainerList; selector: string } {
  const found = /^(containers|initContainers)\[([^\]]*)\]\.image$/.exec(fieldPath.replace(`${base}.`, ""));
  const [, list, selector] = found ?? [];
  if (list === undefined || selector === undefined || !fieldPath.startsWith(`${base}.`)) {
    throw new Error(`${triggersAnnotation}: field path is not valid: ${fieldPath}`);
  }
  return { list: list as ContainerList, selector };
}

/** What a tag, `stream:tag`, leads to now. */
export function latestImage(
  streams: readonly ImageStream[],
  namespace: string | undefined,
  tagged: string,
): string | undefined {
  const [name, tag] = tagged.split(":");
  const stream = streams.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const item = stream?.status?.tags?.find((one) => one.tag === tag)?.items?.[0];
  const declared = stream?.spec?.tags?.find((one) => one.name === tag);
  const own = stream?.status?.dockerImageRepository;
  // library-go pkg/image/imageutil/helpers.go ResolveLatestTaggedImage: such a tag is pulled through the cluster's registry.
  if (item !== undefined && own !== undefined && declared?.referencePolicy?.type === "Local")
    return `${own}@${item.image}`;
  return item?.dockerImageReference;
}

/** Follows the cluster's workloads and ImageStreams for ever. */
export function triggerImages(api: KubeApi): void {
  const attempt = eachOnce();
  const changed = coalesced("image triggers", 100, async () => {
    const known = streams.objects();
    if (known === undefined) return;
    for (const object of workloads.flatMap((one) => one.objects() ?? [])) {
      if (object.metadata.annotations?.[triggersAnnotation] === undefined) continue;
      const path = pathOf(object);
      await attempt(path, async () => {
        const merge = withTriggeredImages(object, known);
        if (merge !== undefined) await api.patch(path, merge);
      });
    }
  });
  const streams = follow<ImageStream>(api, "/apis/image.openshift.io/v1/imagestreams", changed);
  const kinds = [
    ["apps/v1", "Deployment", "deployments"],
    ["apps/v1", "DaemonSet", "daemonsets"],
    ["apps/v1", "StatefulSet", "statefulsets"],
    ["batch/v1", "CronJob", "cronjobs"],
  ] as const;
  const workloads = kinds.map(([apiVersion, kind, plural]): Followed<KubeObject> => {
    const followed = follow<KubeObject>(api, `/apis/${apiVersion}/${plural}`, changed);
    // A list leaves out what all of its items are.
    return { objects: () => followed.objects()?.map((object) => ({ ...object, apiVersion, kind })) };
  });
}
