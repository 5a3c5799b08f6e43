/** Requests that carry a login: they go to the host that they are meant for, and nowhere else. */

/** Redirects that are followed within one host. */
const most = 5;

/**
 * Asks for a page, and follows redirects within its own host only: `fetch` would send a token on to any.
 * @param init - a body is sent again only where the redirect says so (307, 308)
 * @throws naming the host if it does not answer in a minute, or sends the request on to another
 */
export async function ask(url: string, init: RequestInit): Promise<Response> {
  let [address, request] = [new URL(url), init];
  for (let hops = 0; ; hops++) {
    const answer = await send(address, request);
    const location = answer.headers.get("location");
    if (answer.status < 301 || answer.status > 308 || answer.status === 304 || location === null) return answer;
    const next = URL.canParse(location, address.href) ? new URL(location, address) : undefined;
    if (next?.origin !== address.origin) {
      throw new Error(
        `${address.origin} sends the request on to ${next?.origin ?? "no address"}, which would get the login too: not followed; check the cloud's addresses`,
      );
    }
    if (hops === most) throw new Error(`${address.origin} redirects in a circle`);
    if (answer.status < 307 && request.method !== undefined && request.method !== "GET") {
      throw new Error(`${address.origin} redirects a ${request.method}; check the cloud's addresses`);
    }
    [address, request] = [next, init];
  }
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    const limit = AbortSignal.timeout(60_000);
    const signal = init.signal instanceof AbortSignal ? AbortSignal.any([limit, init.signal]) : limit;
    return await fetch(url, { ...init, redirect: "manual", signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`${url.origin} does not answer: ${cause}`, { cause: error });
  }
}
