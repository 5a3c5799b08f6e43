/** What a project of a cloud may have, what it has, and how much a server of each flavour takes of it. */
import { type QuotaUsage, quotaNames } from "../../../blocks/openstack/quota.ts";
import type { FlavorSize } from "../../../components/callysto/quota.ts";
import type { CloudApi } from "./openstack.ts";

/** A limit and how much of it is in use, as each service writes it. */
interface Limit {
  readonly limit: number;
  readonly in_use?: number;
  readonly used?: number;
}

type Limits = Readonly<Record<string, Limit | undefined>>;

/** Where each amount is in the services' own answers. */
const fields: Readonly<Record<keyof QuotaUsage, readonly [service: "compute" | "volume" | "network", field: string]>> =
  {
    instances: ["compute", "instances"],
    cores: ["compute", "cores"],
    ram: ["compute", "ram"],
    keypairs: ["compute", "key_pairs"],
    volumes: ["volume", "volumes"],
    gigabytes: ["volume", "gigabytes"],
    ports: ["network", "port"],
    floatingIps: ["network", "floatingip"],
    securityGroups: ["network", "security_group"],
    securityGroupRules: ["network", "security_group_rule"],
  };

async function limitsOf(cloud: CloudApi): Promise<Readonly<Record<"compute" | "volume" | "network", Limits>>> {
  const [compute, volume, network] = await Promise.all([
    cloud.get<{ quota_set: Limits }>("compute", `/os-quota-sets/${cloud.project}/detail`),
    cloud.get<{ quota_set: Limits }>("volume", `/os-quota-sets/${cloud.project}?usage=true`),
    cloud.get<{ quota: Limits }>("network", `/v2.0/quotas/${cloud.project}/details.json`),
  ]);
  return { compute: compute.quota_set, volume: volume.quota_set, network: network.quota };
}

/** One limit of a project; -1 is unlimited, and what the cloud does not report is missing. */
interface QuotaUse {
  readonly name: keyof QuotaUsage;
  readonly quota: number | undefined;
  readonly used: number | undefined;
}

/** Every limit of the project that is logged in to. @throws if a service does not answer */
export async function quotaUse(cloud: CloudApi): Promise<readonly QuotaUse[]> {
  const limits = await limitsOf(cloud);
  return quotaNames.map((name) => {
    const [service, field] = fields[name];
    const limit = limits[service][field];
    return { name, quota: limit?.limit, used: limit?.in_use ?? limit?.used };
  });
}

/** Sizes of all flavours by name. @throws if the cloud does not answer */
export async function flavorSizes(cloud: CloudApi): Promise<Readonly<Record<string, FlavorSize>>> {
  const { flavors } = await cloud.get<{ flavors: { name: string; vcpus: number; ram: number }[] }>(
    "compute",
    "/flavors/detail",
  );
  return Object.fromEntries(flavors.map(({ name, vcpus, ram }) => [name, { cores: vcpus, ram }]));
}
