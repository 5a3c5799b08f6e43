/** Access to the lab's clouds for live tests, through their APIs, not Pulumi's state. */
import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type LabSettings, labSettings } from "../../lab/settings.ts";

export { openstackApi, type Row } from "../../lab/openstack/api.ts";

/** The lab under test. */
export const lab: LabSettings = labSettings();

/** Calls `poll` until `accept` holds for its result, and returns that. @throws with the last result */
export async function eventually<T>(
  what: string,
  poll: () => Promise<T>,
  accept: (seen: T) => boolean,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await poll();
    if (accept(seen)) return seen;
    if (Date.now() > end)
      throw new Error(`${what} did not happen within ${seconds} s; last seen: ${JSON.stringify(seen)}`);
    await sleep(200);
  }
}

/** Responses for an unknown name; SERVFAIL while a new zone is being transferred. */
const unknown = ["ENOTFOUND", "ENODATA", "EREFUSED", "ESERVFAIL"];

/** Queries the lab's name server like `dig @127.0.0.1 -p PORT NAME TYPE`; an unknown name gives an empty list. */
export async function dig(name: string, type: "A" | "AAAA"): Promise<{ address: string; ttl: number }[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`127.0.0.1:${lab.ports.dns}`]);
  const options = { ttl: true } as const;
  try {
    return await (type === "A" ? resolver.resolve4(name, options) : resolver.resolve6(name, options));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code === "string" && unknown.includes(code)) return [];
    throw error;
  }
}
