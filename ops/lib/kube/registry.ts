/** Asks a container registry (OCI distribution API) which digest a tag has; anonymously, as CERN's Harbor allows. */
import { tokenAddress } from "./registryRealm.ts";

const kinds = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Digest of a tag of a repository such as `registry.cern.ch/cms-dqmdc/dials-etl`. @throws if it cannot be had */
export async function tagDigest(repository: string, tag: string): Promise<string> {
  const [host = "", ...path] = repository.split("/");
  // As for other clients, a registry on this machine may do without TLS.
  const scheme = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host) ? "http" : "https";
  const url = `${scheme}://${host}/v2/${path.join("/")}/manifests/${tag}`;
  const ask = (headers: Record<string, string>): Promise<Response> =>
    fetch(url, { method: "HEAD", headers: { accept: kinds, ...headers }, signal: AbortSignal.timeout(30_000) }).catch(
      (error: unknown) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        throw new Error(
          `the registry ${host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
        );
      },
    );
  let answer = await ask({});
  if (answer.status === 401) answer = await ask({ authorization: `Bearer ${await anonymous(answer, new URL(url))}` });
  if (answer.status === 404) throw new Error(`the registry has no ${repository}:${tag}`);
  const digest = answer.headers.get("docker-content-digest");
  if (!answer.ok || digest === null)
    throw new Error(`the registry ${host} answered ${answer.status} for ${repository}:${tag}`);
  return digest;
}

/** The token that the registry gives to everybody. */
async function anonymous(refusal: Response, registry: URL): Promise<string> {
  const challenge = refusal.headers.get("www-authenticate") ?? "";
  const part = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = part("realm");
  if (!/^bearer /i.test(challenge) || realm === undefined)
    throw new Error(`the registry ${registry.host} wants a login`);
  const query = new URLSearchParams({ service: part("service") ?? "", scope: part("scope") ?? "" });
  const address = tokenAddress(realm, registry);
  const answer = await fetch(`${address}?${query.toString()}`, {
    redirect: "error",
    signal: AbortSignal.timeout(30_000),
  }).catch(() => {
    throw new Error(`the registry ${registry.host} has no anonymous login at ${address}`);
  });
  const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? access_token ?? "";
}
