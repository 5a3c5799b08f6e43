/** The images of a stack: what fixes each, what its registry says, and what an update writes. */
import { parseImage } from "../../../config/image.ts";
import { imagesOf, type Pin, pinOf } from "../../../policy/images.ts";
import type { Manifest } from "../../../policy/manifest.ts";
import { gate } from "../gate.ts";
import type { Configured } from "./configured.ts";
import type { Registries } from "./registry.ts";

/** One image of a stack. */
export interface StackImage {
  readonly repository: string;
  readonly tag: string | undefined;
  /** The digest that is deployed, if the stack names one. */
  readonly digest: string | undefined;
  readonly pin: Pin;
  /** The setting that names it or could, e.g. `prow:settings.images.deck`; undefined: only the program does. */
  readonly setting: string | undefined;
  /** Does the stack's file name it, and not the program's table? */
  readonly own: boolean;
  readonly configured: (Configured & { readonly namespace: string }) | undefined;
}

/** What its registry says about an image. */
export interface Asked extends StackImage {
  /** Digest of the tag now; undefined if there is no tag to ask for, or the registry could not be asked. */
  readonly now: string | undefined;
  readonly built: Date | undefined;
  /** Why the registry could not be asked. */
  readonly problem: string | undefined;
}

/** A system of a stack: its images by their settings, and the settings as the file has them. */
export interface SystemImages {
  readonly namespace: string;
  readonly images: readonly Configured[];
  readonly raw: unknown;
}

/**
 * Every image that a stack deploys. A system's table has images that a stack does not use; `rendered` is all that it deploys, as text,
 * among it the configuration files that name images.
 */
export function stackImages(
  systems: readonly SystemImages[],
  manifests: readonly Manifest[],
  rendered: string,
): readonly StackImage[] {
  const known = systems.flatMap(({ namespace, images, raw }) =>
    images
      .filter(({ image }) => rendered.includes(image))
      .map((configured): StackImage => {
        const written = valueAt(raw, configured.at);
        const name = parseImage(
          typeof written === "string" && configured.digestOnly !== true ? written : configured.image,
        );
        return {
          repository: name.repository,
          tag: name.tag ?? configured.tag,
          digest: name.digest,
          pin: pinOf(configured.image),
          setting: [`${namespace}:settings`, ...configured.at].join("."),
          own: written !== undefined,
          configured: { ...configured, namespace },
        };
      }),
  );
  const named = new Set(systems.flatMap(({ images }) => images.map(({ image }) => image)));
  const others = imagesOf(manifests)
    .filter((image) => !named.has(image))
    .map((image): StackImage => {
      return { ...parseImage(image), pin: pinOf(image), setting: undefined, own: false, configured: undefined };
    });
  return [...known, ...others].sort((a, b) => (a.repository < b.repository ? -1 : 1));
}

/** Asks the registries about all images, a few at a time. */
export async function askAll(images: readonly StackImage[], registries: Registries): Promise<readonly Asked[]> {
  const few = gate(6);
  return Promise.all(images.map((one) => few(() => ask(one, registries))));
}

async function ask(image: StackImage, registries: Registries): Promise<Asked> {
  const { repository, tag, digest, pin } = image;
  const nothing = { now: undefined, built: undefined, problem: undefined };
  // Only the cluster itself reaches its own registry.
  if (pin === "cluster" || pin === "parameter" || repository.includes(".svc:")) return { ...image, ...nothing };
  try {
    const now = tag === undefined ? undefined : await registries.digest(repository, tag);
    const reference = digest ?? now;
    const built = reference === undefined ? undefined : await registries.created(repository, reference);
    return { ...image, now, built, problem: undefined };
  } catch (error) {
    return { ...image, ...nothing, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What an update writes for an image: the text of its setting, or undefined where the file is right already. */
export function pinnedText({ repository, tag, digest, now, configured }: Asked): string | undefined {
  if (configured === undefined || configured.unpinned !== undefined || now === undefined || now === digest)
    return undefined;
  return configured.digestOnly === true ? now : `${repository}:${tag ?? ""}@${now}`;
}

/** Why an image stays without a digest after an update; undefined if it has one. */
export function leftReason({ pin, now, configured, problem }: Asked): string | undefined {
  if (pin === "digest") return undefined;
  if (pin === "cluster") return "an ImageStream of the cluster, which builds or imports it";
  if (pin === "parameter") return "a Template's parameter";
  if (problem !== undefined) return problem;
  if (configured === undefined) return "no setting names it, only the program";
  if (configured.unpinned !== undefined) return configured.unpinned;
  return now === undefined ? "it has no tag to ask for" : undefined;
}

/** The value at a path of plain data; undefined where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null ? (parent as Record<string, unknown>)[key] : undefined,
    value,
  );
}
