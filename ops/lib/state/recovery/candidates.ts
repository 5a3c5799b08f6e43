/** Looks in an OpenStack project for what an interrupted creation may have left: by name, or by what it hangs on. */
import { type Json, asList, asObject, asText } from "../../../../policy/manifest.ts";
import { type CloudApi, sameRule } from "../../cloud/openstack.ts";

/** A resource of the project that may be the created one: its provider's id, and the API's row. */
export interface Candidate {
  readonly id: string;
  readonly row: Json;
  /**
   * True where only what was declared can look like it, so that its age does not matter: it connects two things by their ids, or has the
   * declared public key. False where it cannot be what was declared.
   */
  readonly declared?: boolean;
}

type Inputs = Readonly<Record<string, unknown>>;
type Look = (cloud: CloudApi, inputs: Inputs) => Promise<readonly Candidate[]>;

const query = (asked: Inputs): string => {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([key, value]): [string, string] => [key, asText(value)])).toString();
};
const byId = (rows: readonly Json[]): readonly Candidate[] => rows.map((row) => ({ id: asText(row.id), row }));

/** Whether two public keys are the same but for their comments. */
function sameKey(one: unknown, other: unknown): boolean {
  const [first, second] = [one, other].map((line) => asText(line).trim().split(/\s+/).slice(0, 2).join(" "));
  return first !== "" && first === second;
}

/** The project's own rows of one of Neutron's collections. */
async function neutron(cloud: CloudApi, collection: string, asked: Inputs): Promise<readonly Json[]> {
  const path = `/v2.0/${collection.replaceAll("_", "-")}?${query({ project_id: cloud.project, ...asked })}`;
  return asList((await cloud.get<Json>("network", path))[collection]);
}

const looks: Readonly<Record<string, Look>> = {
  "blockstorage/volume:Volume": async (cloud, { name }) =>
    byId(asList((await cloud.get<Json>("volume", `/volumes/detail?${query({ name })}`)).volumes)),
  "compute/instance:Instance": async (cloud, { name }) => {
    // Nova takes the name for a pattern.
    const { servers } = await cloud.get<Json>("compute", `/servers/detail?${query({ name })}`);
    return byId(asList(servers).filter((row) => row.name === name));
  },
  "compute/keypair:Keypair": async (cloud, { name, publicKey }) =>
    asList((await cloud.get<Json>("compute", "/os-keypairs")).keypairs)
      .map(({ keypair }) => asObject(keypair))
      .filter((row) => row.name === name)
      .map((row) => ({ id: asText(row.name), row, declared: sameKey(row.public_key, publicKey) })),
  "compute/volumeAttach:VolumeAttach": async (cloud, { instanceId, volumeId }) => {
    const server = asText(instanceId);
    const { volumeAttachments } = await cloud.get<Json>("compute", `/servers/${server}/os-volume_attachments`);
    return asList(volumeAttachments)
      .filter((row) => row.volumeId === volumeId)
      .map((row) => ({ id: `${server}/${asText(row.id)}`, row, declared: true }));
  },
  "dns/recordSet:RecordSet": async (cloud, { zoneId, name, type }) => {
    const zone = asText(zoneId);
    const { recordsets } = await cloud.get<Json>("dns", `/v2/zones/${zone}/recordsets?${query({ name, type })}`);
    return asList(recordsets).map((row) => ({ id: `${zone}/${asText(row.id)}`, row }));
  },
  "dns/zone:Zone": async (cloud, { name }) =>
    byId(asList((await cloud.get<Json>("dns", `/v2/zones?${query({ name })}`)).zones)),
  // It has no name: its description identifies the owner.
  "networking/floatingIp:FloatingIp": async (cloud, { description }) =>
    byId(description === undefined ? [] : await neutron(cloud, "floatingips", { description })),
  "networking/floatingIpAssociate:FloatingIpAssociate": async (cloud, { floatingIp, portId }) =>
    byId(await neutron(cloud, "floatingips", { floating_ip_address: floatingIp, port_id: portId })).map((one) => ({
      ...one,
      declared: true,
    })),
  "networking/port:Port": async (cloud, { name, networkId }) =>
    byId(await neutron(cloud, "ports", { name, network_id: networkId })),
  "networking/secGroup:SecGroup": async (cloud, { name }) => byId(await neutron(cloud, "security_groups", { name })),
  "networking/secGroupRule:SecGroupRule": async (cloud, inputs) => {
    const rules = await neutron(cloud, "security_group_rules", { security_group_id: inputs.securityGroupId });
    return byId(rules.filter((rule) => sameRule(rule, inputs)));
  },
};

/** Whether there is a way to look for things of a type, with these inputs. */
export const isSearchable = (type: string, inputs: Inputs): boolean =>
  type.replace(/^openstack:/, "") in looks && !(type.endsWith(":FloatingIp") && inputs.description === undefined);

/** Everything of the project that the creation may have made. @throws if the cloud does not answer */
export async function candidatesOf(cloud: CloudApi, type: string, inputs: Inputs): Promise<readonly Candidate[]> {
  return (await looks[type.replace(/^openstack:/, "")]?.(cloud, inputs)) ?? [];
}

/** Whether the cloud is still at it: an update would find it half made. */
export const isInProgress = ({ row }: Candidate): boolean =>
  ["BUILD", "CREATING", "ATTACHING", "PENDING"].includes(asText(row.status).toUpperCase());
