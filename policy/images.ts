/** Which images a stack runs, and by what each is fixed. */
import { asList, asObject, asText, type Json, type Manifest } from "./manifest.ts";

/** Why an image is what it is, as counts of images name it. */
const pins = {
  digest: "by digest",
  tag: "by tag alone; orrery images --update writes digests where there is a setting",
  cluster: "by an ImageStream of the cluster, which builds or imports them",
  parameter: "by a Template's parameter, when it is processed",
} as const;

export type Pin = keyof typeof pins;

/** What fixes an image of this name. */
export function pinOf(image: string): Pin {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return "digest";
  if (image.includes("${")) return "parameter";
  // The registry of OpenShift inside, and names without a registry that a Template's pods take from ImageStreams.
  return /^image-registry\.openshift-image-registry\.svc(:\d+)?\//.test(image) ? "cluster" : "tag";
}

/** Every image that containers, Templates' containers and ImageStreams name, once each. */
export function imagesOf(manifests: readonly Manifest[]): readonly string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value as unknown[]) walk(one);
    else
      for (const [key, member] of Object.entries(asObject(value)))
        if (key === "image" && typeof member === "string") found.add(member);
        else walk(member);
  };
  for (const { kind, body } of manifests)
    if (kind === "ImageStream") for (const tag of asList(asObject(body.spec).tags)) addSource(found, tag);
    else walk(body);
  return [...found].sort();
}

function addSource(found: Set<string>, { from }: Json): void {
  const { kind, name } = asObject(from);
  if (kind === "DockerImage") found.add(asText(name));
}

/** Number of images by what fixes them: `24  by digest`. */
export function countedPins(images: readonly string[]): readonly string[] {
  const counts = Map.groupBy(images, pinOf);
  return (Object.keys(pins) as Pin[]).flatMap((pin) => {
    const count = counts.get(pin)?.length ?? 0;
    return count === 0 ? [] : [`${String(count).padStart(4)}  ${pins[pin]}`];
  });
}
