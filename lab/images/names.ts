/** The names that an image answers to. */
import { tagMatches } from "../../contracts/check/load.ts";

/** Exact references, or last parts of repositories with their tags. */
export interface ImageNames {
  /** With registry and tag: `docker.io/library/redis:7`. @default none */
  readonly references?: readonly string[];
  /** Last parts of repositories, in any registry: `redis`. @default none */
  readonly images?: readonly string[];
  /** Tags and digests of `images`; a `*` at the end matches any rest. */
  readonly tags?: readonly string[];
}

/** Tag by which pods in the lab ask for a digest: no image of ours can have another image's digest. */
export function tagOfDigest(digest: string): string {
  return digest.replace(":", "-");
}

/** The digest that such a tag stands for; undefined for other tags. */
export function digestOfTag(tag: string): string | undefined {
  return /^sha256-[0-9a-f]{64}$/.test(tag) ? tag.replace("-", ":") : undefined;
}

/** The image that answers to a name; an exact reference wins. @param version - a tag, or a digest */
export function named<T extends { readonly names: ImageNames }>(
  images: readonly T[],
  repository: string,
  version: string,
): T | undefined {
  const exact = images.find(({ names }) => names.references?.includes(`${repository}:${version}`) === true);
  const [last = ""] = repository.split("/").slice(-1);
  const asked = digestOfTag(version) ?? version;
  return (
    exact ?? images.find(({ names }) => names.images?.includes(last) === true && tagMatches(names.tags ?? [], asked))
  );
}
