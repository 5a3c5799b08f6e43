/** Which thing of an OpenStack project a declared resource is: by its name, or by what it is attached to. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import type { Call, NewResource } from "../../../review/evaluate/outputs.ts";
import type { LiveResource } from "../../../review/evaluate/record.ts";
import { sameRule } from "../cloud/openstack.ts";
import type { Inventory } from "./inventory.ts";

/** A resource of the project: the id by which its provider imports it, and the API's row. */
export interface Thing {
  readonly id: string;
  readonly row: Json;
}

type Inputs = Readonly<Record<string, unknown>>;

/** Candidates for a declared resource; more than one is for a person to decide. */
type Match = (inputs: Inputs, project: Inventory) => readonly Thing[];

const things = (rows: readonly Json[]): readonly Thing[] => rows.map((row) => ({ id: asText(row.id), row }));
const named = (rows: readonly Json[], name: unknown): readonly Json[] => rows.filter((row) => row.name === name);

const matches: Readonly<Record<string, Match>> = {
  "blockstorage/volume:Volume": ({ name }, { volumes }) => things(named(volumes, name)),
  "compute/instance:Instance": ({ name }, { servers }) => things(named(servers, name)),
  "compute/keypair:Keypair": ({ name }, { keypairs }) =>
    named(keypairs, name).map((row) => ({ id: asText(row.name), row })),
  "compute/volumeAttach:VolumeAttach": ({ instanceId, volumeId }, { servers }) =>
    servers
      .filter(({ id }) => id === instanceId)
      .flatMap((row) => asList(row["os-extended-volumes:volumes_attached"]))
      .filter(({ id }) => id === volumeId)
      .map((row) => ({ id: `${String(instanceId)}/${asText(row.id)}`, row })),
  "dns/recordSet:RecordSet": ({ zoneId, name, type }, { records }) =>
    records
      .filter((row) => row.zone_id === zoneId && row.name === name && row.type === type)
      .map((row) => ({ id: `${String(zoneId)}/${asText(row.id)}`, row })),
  "dns/zone:Zone": ({ name }, { zones }) => things(named(zones, name)),
  "networking/floatingIpAssociate:FloatingIpAssociate": ({ floatingIp, portId }, { floatingIps }) =>
    things(floatingIps.filter((row) => row.floating_ip_address === floatingIp && row.port_id === portId)),
  "networking/port:Port": ({ name }, { ports, servers }) => {
    const own = named(ports, name);
    // Earlier the cloud created a server's port implicitly, without a name.
    const devices = named(servers, name).map(({ id }) => id);
    return things(own.length > 0 ? own : ports.filter((row) => devices.includes(row.device_id)));
  },
  "networking/secGroup:SecGroup": ({ name }, { groups }) => things(named(groups, name)),
  "networking/secGroupRule:SecGroupRule": (inputs, { groups }) =>
    things(
      groups
        .filter(({ id }) => id === inputs.securityGroupId)
        .flatMap((group) => asList(group.security_group_rules))
        .filter((rule) => sameRule(rule, inputs)),
    ),
};

/** Everything of the project that the resource could be. */
export function candidates({ type, inputs }: NewResource, project: Inventory): readonly Thing[] {
  return matches[type.replace(/^openstack:/, "")]?.(inputs, project) ?? [];
}

/** What other resources read of a live one. */
export function outputsOf({ type }: NewResource, { row }: Thing): LiveResource["state"] {
  if (type.endsWith(":FloatingIp")) return { address: asText(row.floating_ip_address) };
  if (!type.endsWith(":Port")) return {};
  const addresses = asList(row.fixed_ips).map(({ ip_address }) => asText(ip_address));
  return { allFixedIps: addresses, macAddress: asText(row.mac_address) };
}

/** The ids and addresses that a data source would return. */
export function answerOf({ token, inputs }: Call, project: Inventory): Record<string, unknown> | undefined {
  const rows: Readonly<Record<string, readonly Json[]>> = {
    "networking/getNetwork": named(project.networks, inputs.name),
    "dns/getDnsZone": named(project.zones, inputs.name),
    "blockstorage/getVolumeV3": named(project.volumes, inputs.name),
    "networking/getFloatingIp": project.floatingIps.filter(
      ({ floating_ip_address, description }) =>
        inputs.address === floating_ip_address ||
        (inputs.description !== undefined && inputs.description === description),
    ),
  };
  const [row] = rows[token.slice("openstack:".length, token.lastIndexOf(":"))] ?? [];
  if (row === undefined) return undefined;
  const { id, floating_ip_address: address, port_id: portId } = row;
  return { id, ...(address === undefined ? {} : { address, portId: portId ?? "" }) };
}

/** The state of a server that was booted on a network by name: its provider would replace it for being on a port. */
export function serverState(inputs: Inputs, { row }: Thing, { ports, networks, flavors }: Inventory) {
  const own = ports.filter(({ device_id }) => device_id === row.id);
  const nets = own.map((port) => {
    const addresses = asList(port.fixed_ips).map(({ ip_address }) => asText(ip_address));
    return {
      accessNetwork: false,
      fixedIpV4: addresses.find((one) => !one.includes(":")) ?? "",
      fixedIpV6: addresses.find((one) => one.includes(":")) ?? "",
      floatingIp: "",
      mac: asText(port.mac_address),
      name: asText(networks.find(({ id }) => id === port.network_id)?.name),
      port: asText(port.id),
      uuid: asText(port.network_id),
    };
  });
  const image = asText(asObject(row.image).id);
  const flavor = flavors.find(({ id }) => id === asObject(row.flavor).id)?.name ?? asObject(row.flavor).original_name;
  const live = {
    name: asText(row.name),
    // A flavour that the cloud no longer offers has no name.
    flavorName: flavor ?? inputs.flavorName,
    ...(image === "" ? {} : { imageId: image }),
    ...(asText(row.key_name) === "" ? {} : { keyPair: asText(row.key_name) }),
    networks: nets.map(({ port }) => ({ port })),
    // The API does not return it, and it cannot be changed on a live server.
    configDrive: inputs.configDrive,
  };
  const [first] = nets;
  const outputs = {
    ...live,
    networks: nets,
    accessIpV4: first?.fixedIpV4 ?? "",
    accessIpV6: first === undefined || first.fixedIpV6 === "" ? "" : `[${first.fixedIpV6}]`,
    allMetadata: asObject(row.metadata),
    allTags: [],
    availabilityZone: asText(row["OS-EXT-AZ:availability_zone"]),
    created: asText(row.created),
    forceDelete: false,
    powerState: asText(row.status).toLowerCase(),
    securityGroups: [...new Set(asList(row.security_groups).map(({ name }) => asText(name)))],
    stopBeforeDestroy: false,
    updated: asText(row.updated),
  };
  return { inputs: live, outputs };
}

/** The state of a keypair of the same key: the comment behind it is the owner's, and its provider would replace it for that. */
export function keypairState({ name, publicKey, ...rest }: Inputs, { row }: Thing) {
  const inputs = { name, publicKey, ...rest };
  return { inputs, outputs: { ...inputs, name: row.name, fingerprint: asText(row.fingerprint), privateKey: "" } };
}

/** Whether two public keys are one, whatever their comments. */
export function sameKey(one: unknown, other: unknown): boolean {
  const [own, others] = [one, other].map((line) => asText(line).trim().split(/\s+/).slice(0, 2).join(" "));
  return own !== "" && own === others;
}

/** Inputs as read from the live resource; fields that the API does not return keep their declared value. */
export function liveInputs({ type, inputs }: NewResource, { row }: Thing, project: Inventory): Inputs {
  const network = project.networks.find(({ id }) => id === row.floating_network_id);
  const byType: Readonly<Record<string, Inputs>> = {
    // How it is resized is only said, and known to nobody.
    Volume: { name: row.name, size: row.size, volumeType: row.volume_type, enableOnlineResize: undefined },
    Keypair: { name: row.name, publicKey: asText(row.public_key).trim() },
    RecordSet: { name: row.name, type: row.type, ttl: row.ttl ?? undefined, records: row.records },
    Zone: { name: row.name, email: row.email },
    Port: { name: row.name, networkId: row.network_id, securityGroupIds: row.security_groups },
    SecGroup: { name: row.name },
    FloatingIp: { pool: network?.name, description: asText(row.description) },
  };
  const own = byType[type.split(":").at(-1) ?? ""] ?? {};
  return Object.fromEntries(Object.entries(inputs).map(([key, declared]) => [key, key in own ? own[key] : declared]));
}
