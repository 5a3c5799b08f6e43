/** Everything of an OpenStack project that a stack might declare. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import type { CloudApi } from "../cloud/openstack.ts";

/** A project's resources as its services return them. */
export interface Inventory {
  readonly servers: readonly Json[];
  readonly flavors: readonly Json[];
  readonly keypairs: readonly Json[];
  readonly volumes: readonly Json[];
  readonly networks: readonly Json[];
  readonly ports: readonly Json[];
  readonly floatingIps: readonly Json[];
  /** With their rules. */
  readonly groups: readonly Json[];
  readonly zones: readonly Json[];
  /** Of all zones. */
  readonly records: readonly Json[];
}

/** Rows of an answer; Designate gives 20 at a time unless it is asked for more. */
const most = 1000;

/** Asks all services. @throws in one line if one does not answer, or has more than one answer holds */
export async function inventoryOf(cloud: CloudApi): Promise<Inventory> {
  const rows = async (service: Parameters<CloudApi["get"]>[0], path: string, key: string): Promise<readonly Json[]> => {
    const found = asList((await cloud.get<Json>(service, path))[key]);
    // A part of what there is would make the rest look as if it were to be created.
    if (found.length >= most)
      throw new Error(`the project has ${most} ${key} or more; adopt does not page through them`);
    return found;
  };
  const own = `project_id=${cloud.project}`;
  const [servers, flavors, keypairs, volumes, networks, ports, floatingIps, groups, zones] = await Promise.all([
    rows("compute", "/servers/detail", "servers"),
    rows("compute", "/flavors/detail", "flavors"),
    rows("compute", "/os-keypairs", "keypairs"),
    rows("volume", "/volumes/detail", "volumes"),
    rows("network", "/v2.0/networks", "networks"),
    rows("network", `/v2.0/ports?${own}`, "ports"),
    rows("network", `/v2.0/floatingips?${own}`, "floatingips"),
    rows("network", `/v2.0/security-groups?${own}`, "security_groups"),
    rows("dns", `/v2/zones?limit=${most}`, "zones"),
  ]);
  const records = zones.map(({ id }) => rows("dns", `/v2/zones/${asText(id)}/recordsets?limit=${most}`, "recordsets"));
  return {
    ...{ servers, flavors, volumes, networks, ports, floatingIps, groups, zones },
    keypairs: keypairs.map(({ keypair }) => asObject(keypair)),
    records: (await Promise.all(records)).flat(),
  };
}
