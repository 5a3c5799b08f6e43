/** What tests of an OpenStack cloud need besides what every lab has: a network of admin's, flavours without a machine. */
import { openstackApi, type OpenstackApi, type Row, type Service } from "../lab/openstack/api.ts";
import { openstackEnv } from "../lab/openstack/openstack.ts";
import type { LabSettings } from "../lab/settings.ts";

/** IDs of what suites are told to use. */
export interface Prepared {
  readonly image: string;
  /** Two flavours whose servers are no machines. */
  readonly flavors: readonly [small: string, large: string];
  readonly network: string;
  readonly subnet: string;
  /** The external network "public". */
  readonly public: string;
}

/** Name of the network and beginning of the flavours' names. */
export const ownName = "peers";

/** Makes what is missing. */
export async function prepare(lab: LabSettings): Promise<Prepared> {
  const cloud = openstackApi(lab, "admin");
  const network = await ensure(cloud, "network", "/networks", { network: { name: ownName } });
  const subnet = await ensure(cloud, "network", "/subnets", {
    subnet: { name: ownName, network_id: network.id, ip_version: 4, cidr: "10.99.0.0/24" },
  });
  const external = await idOf(cloud, "network", "/networks", "public");
  await connect(cloud, external, subnet.id);
  return {
    image: await idOf(cloud, "image", "/images", "lab-empty"),
    flavors: [await flavor(cloud, `${ownName}.small`, 1), await flavor(cloud, `${ownName}.large`, 2)],
    network: network.id,
    subnet: subnet.id,
    public: external,
  };
}

/** Environment of a client that acts as the cloud's administrator. */
export function adminEnv(lab: LabSettings): Record<string, string> {
  return { ...openstackEnv(lab), OS_USERNAME: "admin", OS_PROJECT_NAME: "admin", OS_DOMAIN_NAME: "Default" };
}

/** A router between the network and the outside, as floating IPs need. */
async function connect(cloud: OpenstackApi, external: string, subnet: string): Promise<void> {
  const body = { router: { name: ownName, external_gateway_info: { network_id: external } } };
  const there = (await cloud.list("network", "/routers")).some((row) => row.name === ownName);
  const { id } = await ensure(cloud, "network", "/routers", body);
  if (there) return;
  await cloud.put("network", `/routers/${id}/add_router_interface`, { subnet_id: subnet });
}

/** Tests of ephemeral disks ask for one of the flavour's. */
async function flavor(cloud: OpenstackApi, name: string, size: number): Promise<string> {
  const shape = { name, vcpus: size, ram: 64 * size, disk: size, "OS-FLV-EXT-DATA:ephemeral": 8 };
  const { id } = await ensure(cloud, "compute", "/flavors", { flavor: shape });
  const body = { extra_specs: { "orrery:machine": "none" } };
  await cloud.request("compute", `/flavors/${id}/os-extra_specs`, { method: "POST", body });
  return id;
}

async function ensure(
  cloud: OpenstackApi,
  service: Service,
  at: string,
  body: Readonly<Record<string, { readonly name: string; readonly [key: string]: unknown }>>,
): Promise<Row> {
  const name = Object.values(body)[0]?.name;
  return (await cloud.list(service, at)).find((row) => row.name === name) ?? cloud.post(service, at, body);
}

async function idOf(cloud: OpenstackApi, service: Service, at: string, name: string): Promise<string> {
  const found = (await cloud.list(service, at)).find((row) => row.name === name);
  if (found === undefined) throw new Error(`the lab has no ${name} below ${at}; start it again: npm run lab -- up`);
  return found.id;
}
