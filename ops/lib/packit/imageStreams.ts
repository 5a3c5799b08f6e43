/** The images of a service that come through ImageStreams: what there is, what was there, and importing. */
import { imageAnnotation, sourceImage, type StreamedImage, streams } from "../../../components/packit/images.ts";
import { expectedWorkloads, streamedImages, type Workload } from "../../../components/packit/inventory.ts";
import { UsageError } from "../../../cli/usage.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { Service } from "./service.ts";

/** As much of an ImageStream as is read. */
export interface ImageStream {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly StreamItem[] | null;
    }[];
  };
}

interface StreamItem {
  readonly created: string;
  readonly dockerImageReference: string;
  /** Digest. */
  readonly image: string;
}

/** The images that words name, by short name (worker) or ImageStream (packit-worker). @throws UsageError with what there is */
export function namedImages({ settings }: Service, words: readonly string[]): readonly StreamedImage[] {
  const there = streamedImages(settings);
  if (words.length === 0) return there;
  return words.map((word) => {
    const found = there.find((name) => name === word || streams[name] === word);
    if (found === undefined) {
      throw new UsageError(`there is no image "${word}"; there are ${there.map((name) => streams[name]).join(", ")}`);
    }
    return found;
  });
}

/** The workloads that run an image. */
export function consumers({ settings }: Service, name: StreamedImage): readonly Workload[] {
  return expectedWorkloads(settings).filter(({ image }) => image === name);
}

/** What was imported under a tag, newest first. */
export function imported(stream: ImageStream | undefined, tag: string): readonly StreamItem[] {
  return stream?.status?.tags?.find((one) => one.tag === tag)?.items ?? [];
}

interface ImportAnswer {
  readonly status?: {
    readonly images?: readonly {
      readonly status?: { readonly status?: string; readonly message?: string };
      readonly image?: { readonly metadata?: { readonly name?: string } };
    }[];
  };
}

/** Imports an image into its stream, as `oc import-image` does. @returns its digest @throws with the registry's refusal */
export async function importImage(kubectl: Kubectl, service: Service, name: StreamedImage): Promise<string> {
  const { settings } = service;
  const from = sourceImage(service.service, settings, name);
  const request = {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStreamImport",
    metadata: { name: streams[name], namespace: settings.namespace.name },
    spec: {
      import: true,
      images: [
        {
          from: { kind: "DockerImage", name: from },
          to: { name: settings.deployment },
          referencePolicy: { type: "Local" },
        },
      ],
    },
  };
  const answer = JSON.parse(
    await kubectl.output(["create", "--filename", "-", "--output", "json"], JSON.stringify(request)),
  ) as ImportAnswer;
  const [first] = answer.status?.images ?? [];
  const digest = first?.image?.metadata?.name;
  if (digest === undefined)
    throw new Error(`${from} was not imported: ${first?.status?.message ?? "the cluster gave no reason"}`);
  return digest;
}

interface Template {
  readonly spec: {
    readonly template: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

/** Rolls a workload out if its pods were made of another digest. @returns whether it did */
export async function rollTo(kubectl: Kubectl, { kind, name }: Workload, digest: string): Promise<boolean> {
  const { spec } = await kubectl.get<Template>(kind, name);
  if (spec.template.metadata?.annotations?.[imageAnnotation] === digest) return false;
  const patch = { spec: { template: { metadata: { annotations: { [imageAnnotation]: digest } } } } };
  await kubectl.output(["patch", kind, name, "--patch", JSON.stringify(patch)]);
  return true;
}
