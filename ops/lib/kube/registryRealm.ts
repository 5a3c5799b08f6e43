/** Where a registry's tokens may come from: a registry names the address itself, and could name any. */

/** Registries whose tokens come from another host of the same owner. */
const knownPairs: Readonly<Record<string, string>> = {
  "registry-1.docker.io": "auth.docker.io",
  "docker.io": "auth.docker.io",
  "index.docker.io": "auth.docker.io",
  "registry.gitlab.com": "gitlab.com",
  "nvcr.io": "authn.nvidia.com",
};

/**
 * The address to ask for a token, without its query.
 * @param registry - the registry's own address
 * @throws if it is not of the registry's own host, or not as well protected
 */
export function tokenAddress(realm: string, registry: URL): string {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const own = url !== undefined && (url.host === registry.host || url.host === knownPairs[registry.host]);
  if (!own || url.protocol !== registry.protocol || url.username !== "" || url.password !== "") {
    const named = url === undefined ? "something that is no address" : `${url.protocol}//${url.host}`;
    throw new Error(
      `the registry ${registry.host} sends its users to ${named} for a login, which is not asked: it is not the registry's own host; name the image by its digest`,
    );
  }
  return `${url.origin}${url.pathname}`;
}
