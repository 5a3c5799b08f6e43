/** Variables of a job that belong together: all or none of them. */

/** Their values, or undefined if none is set. @throws naming those that are missing */
export function together<Name extends string>(
  env: NodeJS.ProcessEnv,
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  const missing = names.filter((name) => (env[name] ?? "") === "");
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) throw new Error(`${missing.join(" and ")}: not set, and ${names.join(", ")} belong together`);
  return Object.fromEntries(names.map((name) => [name, env[name] ?? ""])) as Record<Name, string>;
}

/** Sends JSON. @throws naming the host only, as the path of a webhook is its password */
export async function sendJson(
  what: string,
  url: string,
  method: string,
  body: object,
  headers: object = {},
): Promise<void> {
  const host = URL.canParse(url) ? new URL(url).host : "no address";
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "no connection";
    throw new Error(`${what} at ${host} does not answer: ${cause.replaceAll(url, host)}`, { cause: error });
  }
  if (!answer.ok) throw new Error(`${what} at ${host} refused the message with ${answer.status}`);
}
