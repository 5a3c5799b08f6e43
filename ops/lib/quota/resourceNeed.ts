/** What resources of a cloud take of its project's quota. */
import { type QuotaUsage, quotaNames } from "../../../blocks/openstack/quota.ts";
import { egressRules, type FlavorSize } from "../../../components/callysto/quota.ts";
import type { Json } from "../../../policy/manifest.ts";

/** A resource that is declared in a cloud. */
interface CloudResource {
  readonly type: string;
  readonly inputs: Json;
}

/** Sum over all resources; memory in MB, volume size in GB. @throws if the cloud has no such flavour */
export function resourceNeed(
  resources: readonly CloudResource[],
  sizes: Readonly<Record<string, FlavorSize>>,
): QuotaUsage {
  const all = resources.map((one) => ofResource(one, sizes));
  const sum = quotaNames.map((name) => [name, all.reduce((total, one) => total + (one[name] ?? 0), 0)]);
  return Object.fromEntries(sum) as QuotaUsage;
}

function ofResource({ type, inputs }: CloudResource, sizes: Readonly<Record<string, FlavorSize>>): Partial<QuotaUsage> {
  switch (type) {
    case "openstack:compute/instance:Instance": {
      const flavor = String(inputs.flavorName);
      const size = sizes[flavor];
      if (size === undefined) throw new Error(`the cloud has no flavour "${flavor}"`);
      return { instances: 1, cores: size.cores, ram: size.ram };
    }
    case "openstack:compute/keypair:Keypair":
      return { keypairs: 1 };
    case "openstack:blockstorage/volume:Volume":
      return { volumes: 1, gigabytes: typeof inputs.size === "number" ? inputs.size : 0 };
    case "openstack:networking/port:Port":
      return { ports: 1 };
    case "openstack:networking/floatingIp:FloatingIp":
      return { floatingIps: 1 };
    case "openstack:networking/secGroup:SecGroup":
      return { securityGroups: 1, securityGroupRules: inputs.deleteDefaultRules === true ? 0 : egressRules };
    case "openstack:networking/secGroupRule:SecGroupRule":
      return { securityGroupRules: 1 };
    default:
      return {};
  }
}
