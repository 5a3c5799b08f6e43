/** The stack's OpenStack clouds: login, rights, quota, and whether their zones are delegated to them. */
import { Resolver } from "node:dns/promises";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { quotaUse } from "../cloud/quota.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import type { StackValues } from "../stack.ts";
import { type CloudApi, openCloud } from "../cloud/openstack.ts";
import { type Finding, ok, problem, warning, words } from "./finding.ts";

/** Part of a quota from which on it is worth a warning. */
const nearlyFull = 0.9;

type DoctorValues = StackValues & { readonly resolver?: string | undefined };

/** Checks each cloud. */
export async function clouds(stackSecrets: StackSecrets, values: DoctorValues): Promise<readonly Finding[]> {
  const names = stackSecrets.secrets.filter(({ schema }) => schema.namespace === "clouds").map(({ name }) => name);
  const found = names.map(async (name) => {
    const about = `cloud ${name}`;
    let cloud: CloudApi;
    try {
      cloud = await openCloud(name, values);
    } catch (error) {
      const fix = `check clouds:settings; npx pulumi config set --stack ${stackSecrets.name} --secret clouds:${name}`;
      return [problem(about, words(error), fix)];
    }
    const may = cloud.roles.some((role) => role !== "reader");
    const roles = cloud.roles.join(", ");
    const rights = may
      ? ok(about, `accepts the login, as ${roles}`)
      : problem(about, `the user only reads there (${roles})`, "have the cloud's operators give it the role member");
    return [rights, ...(await quota(about, cloud)), ...(await delegation(stackSecrets, name, cloud, values))];
  });
  return (await Promise.all(found)).flat();
}

async function quota(about: string, cloud: CloudApi): Promise<readonly Finding[]> {
  try {
    const full = (await quotaUse(cloud)).flatMap(({ name, quota: limit, used }) =>
      limit === undefined || used === undefined || limit < 0 || used < limit * nearlyFull
        ? []
        : [`${name} ${used} of ${limit}`],
    );
    if (full.length === 0) return [ok(about, "the project's quota has room")];
    const fix = "npx orrery callysto cloud-quota says what the stack requires; ask the operators for more";
    return [warning(about, `the project's quota is nearly used up: ${full.join(", ")}`, fix)];
  } catch (error) {
    return [warning(about, `the quota is unknown: ${words(error)}`, "nothing, if the operators say that it suffices")];
  }
}

/** Compares the name servers that each zone is delegated to with the cloud's name servers for it. */
async function delegation(
  stackSecrets: StackSecrets,
  cloudName: string,
  cloud: CloudApi,
  values: DoctorValues,
): Promise<readonly Finding[]> {
  const system = stackSecrets.systems.find(({ schema }) => schema.namespace === callystoSchema.namespace);
  if (system === undefined) return [];
  const settings = callystoSchema.settings.parse(system.stack.settings);
  if (settings.cloud !== cloudName) return [];
  const zones = Object.entries(settings.zones).filter(([, { mode }]) => mode !== "outside");
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  const server = values.resolver;
  if (server !== undefined) resolver.setServers([server]);
  const found = zones.map(async ([zone, { mode }]): Promise<Finding> => {
    try {
      const { zones: there } = await cloud.get<{ zones: { id: string }[] }>("dns", `/v2/zones?name=${zone}.`);
      const [first] = there;
      if (first === undefined) {
        return mode === "create"
          ? ok("dns", `${zone}: the first deployment makes the zone`)
          : problem("dns", `${zone}: the cloud has no such zone`, "make it, or let the stack: zones.*.mode: create");
      }
      const path = `/v2/zones/${first.id}/nameservers`;
      const { nameservers } = await cloud.get<{ nameservers: { hostname: string }[] }>("dns", path);
      return delegated(
        zone,
        nameservers.map(({ hostname }) => hostname),
        await asked(resolver, zone),
      );
    } catch (error) {
      return warning("dns", `${zone}: ${words(error)}`, "have a look at the zone in the cloud");
    }
  });
  return Promise.all(found);
}

async function asked(resolver: Resolver, zone: string): Promise<readonly string[]> {
  try {
    return await resolver.resolveNs(zone);
  } catch {
    return [];
  }
}

/** What to say of a zone's name servers, as the cloud has them and as the world knows them. */
export function delegated(zone: string, own: readonly string[], known: readonly string[]): Finding {
  const plain = (names: readonly string[]): readonly string[] =>
    names.map((name) => name.toLowerCase().replace(/\.$/, "")).sort();
  const [mine, theirs] = [plain(own), plain(known)];
  const fix = `have the owner of the domain above ${zone} delegate it by NS records: ${mine.join(", ")}`;
  if (theirs.length === 0) return problem("dns", `${zone}: nobody is asked for it`, fix);
  if (theirs.join() === mine.join()) return ok("dns", `${zone} is delegated to the cloud`);
  const shared = theirs.some((name) => mine.includes(name));
  const text = `${zone} is delegated to ${theirs.join(", ")}, the cloud serves it by ${mine.join(", ")}`;
  return shared ? warning("dns", text, fix) : problem("dns", text, fix);
}
