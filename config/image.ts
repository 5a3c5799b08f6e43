/** Names of container images: `registry/name:tag@sha256:...`, where tag or digest may be missing. */

/** The parts of an image's name. */
export interface Image {
  /** Registry and name, as they are written. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

/** Takes a name apart; a port of the registry is no tag. */
export function parseImage(name: string): Image {
  const [named = "", digest] = name.split("@");
  const tag = /:([\w][\w.-]*)$/.exec(named)?.[1];
  return { repository: tag === undefined ? named : named.slice(0, -tag.length - 1), tag, digest };
}

/**
 * The name as clusters get it. A stack file keeps the tag next to the digest, so that people and `orrery images` know what it was;
 * not every container runtime takes both.
 */
export function deployedImage(name: string): string {
  const { repository, digest } = parseImage(name);
  return digest === undefined ? name : `${repository}@${digest}`;
}
