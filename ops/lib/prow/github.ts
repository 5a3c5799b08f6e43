/** Owner and scopes of a GitHub token. */

/** Where GitHub's API is, unless said otherwise. */
export const githubEndpoint = "https://api.github.com";

/** A token that GitHub knows. */
export interface TokenOwner {
  readonly login: string;
  /** Scopes of a classic token; undefined for a fine-grained one, whose permissions GitHub does not report. */
  readonly scopes: readonly string[] | undefined;
}

/** Asks GitHub whose a token is. @throws if GitHub does not know it, or does not answer */
export async function tokenOwner(token: string, endpoint: string): Promise<TokenOwner> {
  const url = `${endpoint}/user`;
  const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "user-agent": "orrery" };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`GitHub (${endpoint}) does not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  if (answer.status === 401) throw new Error("GitHub does not know the token: it is mistyped, expired or revoked");
  if (!answer.ok) throw new Error(`GitHub answers ${answer.status} to ${url}`);
  const { login } = (await answer.json()) as { login?: string };
  const scopes = answer.headers.get("x-oauth-scopes");
  return {
    login: login ?? "nobody",
    scopes:
      scopes === null
        ? undefined
        : scopes
            .split(",")
            .map((one) => one.trim())
            .filter((one) => one !== ""),
  };
}

/** Scopes that a token has and should not have. */
export function excess(scopes: readonly string[], allowed: readonly string[]): readonly string[] {
  return scopes.filter((one) => !allowed.includes(one));
}
