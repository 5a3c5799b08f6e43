/** Images that an OpenShift cluster builds for itself: each new one replaces the pods, as a DeploymentConfig's ImageChange trigger did. */
import type { ContainerArgs } from "./container.ts";
import { internalRegistry } from "./imageStream.ts";
import type { ObjectArgs } from "./metadata.ts";

/** Followed by OpenShift. Source: TriggerAnnotationKey of openshift/library-go, pkg/image/trigger. */
const annotation = "image.openshift.io/triggers";

/**
 * Makes an update that changes something else succeed although OpenShift has changed the image since: it names the tag again, which
 * is the same program, and the trigger puts its digest back.
 */
const force = { "pulumi.com/patchForce": "true" } as const;

/** As much of a workload as is read. */
interface Triggered extends Pick<ObjectArgs, "namespace"> {
  readonly containers: readonly ContainerArgs[];
  readonly initContainers?: readonly ContainerArgs[];
}

/** What makes OpenShift put new builds into a workload, and `up` leave them there; nothing without a tag that the cluster moves. */
export function imageTriggers({ namespace, containers, initContainers = [] }: Triggered): {
  readonly annotations: Readonly<Record<string, string>>;
  readonly ignoreChanges: readonly string[];
} {
  if (namespace.cluster.platform !== "openshift") return { annotations: {}, ignoreChanges: [] };
  const found = [...moving("containers", containers), ...moving("initContainers", initContainers)];
  if (found.length === 0) return { annotations: {}, ignoreChanges: [] };
  const triggers = found.map(({ list, name, from }) => ({
    from: { kind: "ImageStreamTag", ...from },
    fieldPath: `spec.template.spec.${list}[?(@.name=="${name}")].image`,
  }));
  return {
    annotations: { [annotation]: JSON.stringify(triggers), ...force },
    ignoreChanges: found.map(({ list, at }) => `spec.template.spec.${list}[${at}].image`),
  };
}

function moving(list: "containers" | "initContainers", all: readonly ContainerArgs[]) {
  return all.flatMap(({ name, image, exceptions }, at) => {
    if (exceptions?.["floating-tag"] === undefined || typeof image !== "string") return [];
    const [registry, namespace, tag] = image.split("/");
    return registry === internalRegistry && namespace !== undefined && tag !== undefined
      ? [{ list, at, name, from: { name: tag, namespace } }]
      : [];
  });
}
