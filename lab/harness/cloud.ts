/** What live tests ask the lab's cloud with: its own APIs, not Pulumi's state. */
import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type LabSettings, labSettings } from "../../lab/settings.ts";

export { openstackApi, type Row } from "../../lab/openstack/api.ts";

/** The lab under test. */
export const lab: LabSettings = labSettings();

/** Waits until `look` returns something that `accept` takes, and returns it. @throws with what was seen last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  accept: (seen: T) => boolean,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (accept(seen)) return seen;
    if (Date.now() > end)
      throw new Error(`${what} did not happen within ${seconds} s; seen last: ${JSON.stringify(seen)}`);
    await sleep(200);
  }
}

/** What a server says to a name that it does not know; SERVFAIL while a new zone is on its way to it. */
const unknown = ["ENOTFOUND", "ENODATA", "EREFUSED", "ESERVFAIL"];

/** Asks the lab's name server, as `dig @127.0.0.1 -p PORT NAME TYPE` does; nothing found is an empty list. */
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
