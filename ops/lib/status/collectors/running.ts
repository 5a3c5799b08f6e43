/** Which builds of which images pods run, by the pods' own status. */
import { asList, asText } from "../../../../policy/manifest.ts";
import type { LiveObject } from "../clusterReader.ts";
import { isAlive } from "./pods.ts";

/** A container that runs. */
export interface RunningContainer {
  /** `namespace/pod`. */
  readonly pod: string;
  readonly name: string;
  /** As the pod names it. */
  readonly image: string;
  /** Digest of its build; undefined where the node does not tell it. */
  readonly digest: string | undefined;
}

/** Containers of a pod, unless it has ended. */
export function runningContainers(pod: LiveObject): readonly RunningContainer[] {
  if (!isAlive(pod) || pod.status?.phase === "Failed") return [];
  const statuses = asList(pod.status?.containerStatuses);
  return asList(pod.spec?.containers).map(({ name, image }) => {
    const own = statuses.find((one) => one.name === name);
    // Without a repository it is the digest of a configuration, which no registry knows.
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(asText(own?.imageID))?.[1];
    return {
      ...{ pod: `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`, digest },
      ...{ name: asText(name), image: asText(image) },
    };
  });
}

/** A digest's first digits, as much as people compare. */
export const short = (digest: string): string => digest.slice("sha256:".length, "sha256:".length + 12);
