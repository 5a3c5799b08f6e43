/** Asks container registries (OCI distribution API) which digest a tag has, and how old an image is. */
import { tokenAddress } from "../kube/registryRealm.ts";
import type { Login, Logins } from "./logins.ts";

const lists = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;
const kinds = [
  ...lists,
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface Manifest {
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  }[];
  readonly config?: { readonly digest: string };
}

/** The registry answers, and has no such image. */
export class NoImageError extends Error {}

const noLogins: Logins = () => Promise.resolve(undefined);

/** A client that asks each registry for a token once, and one that did not answer not again. */
export class Registries {
  private readonly logins: Logins;
  private readonly signal: AbortSignal | undefined;
  private readonly tokens = new Map<string, string>();
  private readonly silent = new Map<string, Error>();

  /** @param signal - ends all requests. @default each may take 30 seconds */
  constructor(logins: Logins = noLogins, signal?: AbortSignal) {
    this.logins = logins;
    this.signal = signal;
  }

  /** Digest of a tag of a repository such as `registry.cern.ch/cms-dqmdc/dials-etl`. @throws if it cannot be had */
  async digest(repository: string, tag: string): Promise<string> {
    const answer = await this.ask("HEAD", repository, `manifests/${tag}`);
    const digest = answer.headers.get("docker-content-digest") ?? "";
    if (!/^sha256:[0-9a-f]{64}$/.test(digest))
      throw new Error(`the registry ${placeOf(repository).host} gave no digest for ${repository}:${tag}`);
    return digest;
  }

  /** When an image was built; undefined where its builder sets no time, so that builds can be repeated. @throws if it cannot be had */
  async created(repository: string, reference: string): Promise<Date | undefined> {
    const first = await this.manifest(repository, reference);
    const usual = first.manifests?.find(
      ({ platform }) => platform?.os === "linux" && platform.architecture === "amd64",
    );
    const one =
      first.manifests === undefined
        ? first
        : await this.manifest(repository, (usual ?? first.manifests[0])?.digest ?? "");
    if (one.config === undefined) return undefined;
    const config = (await (await this.ask("GET", repository, `blobs/${one.config.digest}`)).json()) as {
      readonly created?: string;
    };
    const time = new Date(config.created ?? "");
    return time.getTime() > Date.UTC(2000, 0) ? time : undefined;
  }

  /** Digests that a node may name for an image: its own, and those for each platform of a list. @throws if they cannot be had */
  async builds(repository: string, digest: string): Promise<readonly string[]> {
    const { manifests = [] } = await this.manifest(repository, digest);
    return [digest, ...manifests.map((one) => one.digest)];
  }

  /** Whether requests are ended by the signal. */
  isEnded(): boolean {
    return this.signal?.aborted === true;
  }

  private async manifest(repository: string, reference: string): Promise<Manifest> {
    return (await (await this.ask("GET", repository, `manifests/${reference}`)).json()) as Manifest;
  }

  private limit(): AbortSignal {
    const limit = AbortSignal.timeout(30_000);
    return this.signal === undefined ? limit : AbortSignal.any([limit, this.signal]);
  }

  private async ask(method: "GET" | "HEAD", repository: string, what: string): Promise<Response> {
    const { host, path, local } = placeOf(repository);
    const before = this.silent.get(host);
    if (before !== undefined) throw before;
    const url = `${local ? "http" : "https"}://${host}/v2/${path}/${what}`;
    const send = (authorization: string | undefined): Promise<Response> =>
      fetch(url, {
        method,
        headers: { accept: kinds, ...(authorization === undefined ? {} : { authorization }) },
        signal: this.limit(),
      }).catch((error: unknown) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        const failure = new Error(
          `the registry ${host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
        );
        this.silent.set(host, failure);
        throw failure;
      });
    let answer = await send(this.tokens.get(`${host}/${path}`));
    if (answer.status === 401) {
      const token = await authorization(answer, new URL(url), this.limit(), await this.logins(host));
      this.tokens.set(`${host}/${path}`, token);
      answer = await send(token);
    }
    if (answer.status === 401 || answer.status === 403)
      throw new Error(`the registry ${host} wants a login that may read ${repository}: docker login ${host}`);
    if (answer.status === 404) throw new NoImageError(`the registry has no ${repository}:${what.split("/")[1] ?? ""}`);
    if (!answer.ok) throw new Error(`the registry ${host} answered ${answer.status} for ${repository}`);
    return answer;
  }
}

/** Where a repository is: names without a registry are Docker Hub's. */
export function placeOf(repository: string): { readonly host: string; readonly path: string; readonly local: boolean } {
  const [first = "", ...rest] = repository.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const host = named && first !== "docker.io" ? first : "registry-1.docker.io";
  const names = named ? rest : [first, ...rest];
  const path = host === "registry-1.docker.io" && names.length === 1 ? `library/${names.join()}` : names.join("/");
  // As for other clients, a registry on this machine may do without TLS.
  return { host, path, local: /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host) };
}

/** The header that a registry's refusal asks for: with a login, or what it gives to everybody. */
async function authorization(refusal: Response, registry: URL, signal: AbortSignal, login?: Login): Promise<string> {
  const challenge = refusal.headers.get("www-authenticate") ?? "";
  const basic =
    login === undefined ? undefined : `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  if (/^basic\b/i.test(challenge) && basic !== undefined) return basic;
  const part = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = part("realm");
  if (!/^bearer /i.test(challenge) || realm === undefined)
    throw new Error(`the registry ${registry.host} wants a login: docker login ${registry.host}`);
  const query = new URLSearchParams({ service: part("service") ?? "", scope: part("scope") ?? "" });
  const answer = await fetch(`${tokenAddress(realm, registry)}?${query.toString()}`, {
    headers: basic === undefined ? {} : { authorization: basic },
    redirect: "error",
    signal,
  });
  if (!answer.ok)
    throw new Error(
      `the registry ${registry.host} refuses the login (${answer.status}): docker login ${registry.host}`,
    );
  const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
  return `Bearer ${token ?? access_token ?? ""}`;
}
