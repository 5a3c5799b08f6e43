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

/** Name of the administrator's network, and of each router. */
export const ownName = "peers";

/** A test asks the network for an address of this range, which DevStack's has. */
const cidr = "10.0.0.0/24";

/** Name of the small flavour: some tests look for those two by the names and sizes that they have in the suites' own clouds. */
export const flavorName = "m1.acctest";

/**
 * Makes what is missing.
 * @param owner - ID of the project that gets the network. @default admin's
 */
export async function prepare(lab: LabSettings, owner?: string): Promise<Prepared> {
  const cloud = openstackApi(lab, "admin");
  const project_id = owner ?? (await cloud.identity()).project;
  // A suite that runs next to others finds the administrator's by its name alone.
  const name = owner === undefined ? ownName : `${ownName}-${owner}`;
  const network = await ensure(cloud, "network", "/networks", { network: { name, project_id } });
  const subnet = await ensure(cloud, "network", "/subnets", {
    subnet: { name: ownName, project_id, network_id: network.id, ip_version: 4, cidr },
  });
  const external = await idOf(cloud, "network", "/networks", "public");
  await connect(cloud, external, subnet.id, project_id);
  return {
    image: await idOf(cloud, "image", "/images", "lab-empty"),
    flavors: [await flavor(cloud, flavorName, 10), await flavor(cloud, "m1.resize", 11)],
    network: network.id,
    subnet: subnet.id,
    public: external,
  };
}

/** Roles of an ordinary user. */
const memberRoles = ["member", "reader", "load-balancer_member"];

/** Environment of a client that acts as the cloud's administrator. */
export function adminEnv(lab: LabSettings): Record<string, string> {
  return { ...openstackEnv(lab), OS_USERNAME: "admin", OS_PROJECT_NAME: "admin", OS_DOMAIN_NAME: "Default" };
}

/** A user without an administrator's role, its password the lab's, who may work in these projects. @returns their IDs */
export async function prepareMember(
  lab: LabSettings,
  name: string,
  projects: readonly string[],
): Promise<readonly string[]> {
  const cloud = openstackApi(lab, "admin");
  const domain_id = "default";
  const { password } = lab;
  const user = await ensure(cloud, "identity", "/users", { user: { name, domain_id, password } });
  const roles = (await cloud.list("identity", "/roles")).filter((role) => memberRoles.includes(role.name));
  const ids: string[] = [];
  for (const project of projects) {
    const { id } = await ensure(cloud, "identity", "/projects", { project: { name: project, domain_id } });
    for (const role of roles) {
      await cloud.request("identity", `/projects/${id}/users/${user.id}/roles/${role.id}`, { method: "PUT" });
    }
    ids.push(id);
  }
  return ids;
}

/** A router between the network and the outside, as floating IPs need. */
async function connect(cloud: OpenstackApi, external: string, subnet: string, project_id: string): Promise<void> {
  const body = { router: { name: ownName, project_id, external_gateway_info: { network_id: external } } };
  const routers = await cloud.list("network", `/routers?project_id=${project_id}`);
  const there = routers.some((row) => row.name === ownName);
  const { id } = await ensure(cloud, "network", "/routers", body);
  if (there) return;
  await cloud.put("network", `/routers/${id}/add_router_interface`, { subnet_id: subnet });
}

/** Tests of ephemeral disks ask for one of the flavour's. */
async function flavor(cloud: OpenstackApi, name: string, disk: number): Promise<string> {
  const shape = { name, vcpus: 1, ram: 512, disk, "OS-FLV-EXT-DATA:ephemeral": 10 };
  const { id } = await ensure(cloud, "compute", "/flavors", { flavor: shape });
  const body = { extra_specs: { "orrery:machine": "none" } };
  await cloud.request("compute", `/flavors/${id}/os-extra_specs`, { method: "POST", body });
  return id;
}

/** The object of this name, made if it is missing. */
export async function ensure(
  cloud: OpenstackApi,
  service: Service,
  at: string,
  body: Readonly<Record<string, { readonly name: string; readonly [key: string]: unknown }>>,
): Promise<Row> {
  const wanted = Object.values(body)[0];
  const isIt = (row: Row): boolean =>
    row.name === wanted?.name && (wanted.project_id === undefined || row.project_id === wanted.project_id);
  return (await cloud.list(service, at)).find(isIt) ?? cloud.post(service, at, body);
}

async function idOf(cloud: OpenstackApi, service: Service, at: string, name: string): Promise<string> {
  const found = (await cloud.list(service, at)).find((row) => row.name === name);
  if (found === undefined) throw new Error(`the lab has no ${name} below ${at}; start it again: npm run lab -- up`);
  return found.id;
}
