/** How long a login is valid, if its token says so. */

/** What is known of a token. */
export interface TokenLife {
  /** Undefined when it does not expire or its end cannot be known. */
  readonly until: Date | undefined;
  readonly how: string;
}

/** End of a service account's token, which says it itself; undefined for a token that is no JWT. */
export function jwtLife(token: string): TokenLife | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp?: number };
    const until = claims.exp === undefined ? undefined : new Date(claims.exp * 1000);
    return { until, how: "a service account's token" };
  } catch {
    return undefined;
  }
}

/** OpenShift's OAuth tokens, as much as is read. */
export interface Grants {
  readonly items: readonly { readonly metadata: { readonly creationTimestamp: string }; readonly expiresIn?: number }[];
}

/** End of the latest login by `oc login`; OpenShift shows users their own tokens only. */
export function oauthLife({ items }: Grants): TokenLife | undefined {
  const ends = items.flatMap(({ metadata, expiresIn }) =>
    expiresIn === undefined || expiresIn === 0 ? [] : [Date.parse(metadata.creationTimestamp) + expiresIn * 1000],
  );
  return ends.length === 0 ? undefined : { until: new Date(Math.max(...ends)), how: "the latest of your logins" };
}
