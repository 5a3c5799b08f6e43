import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { cloudError } from "./cloud.ts";

/** Quotas of a project; memory in MB, volume size in GB. */
export const quotaNames = [
  "instances",
  "cores",
  "ram",
  "keypairs",
  "volumes",
  "gigabytes",
  "ports",
  "floatingIps",
  "securityGroups",
  "securityGroupRules",
] as const;

/** Usage of every quota. */
export type QuotaUsage = Readonly<Record<(typeof quotaNames)[number], number>>;

/** A project's limits; -1 is unlimited, unknown ones are missing. */
export type Quota = Partial<QuotaUsage>;

/** Shortages, one line each, e.g. `cores: needs 24, the quota is 20`. */
export function shortages(need: QuotaUsage, quota: Quota): string[] {
  return quotaNames.flatMap((name) => {
    const limit = quota[name];
    return limit === undefined || limit < 0 || need[name] <= limit
      ? []
      : [`${name}: needs ${need[name]}, the quota is ${limit}`];
  });
}

/**
 * Resolves once the project's limits are known to be sufficient; existing resources count too.
 * @throws naming the shortages. Unknown quotas count as sufficient.
 */
export function withinQuota(
  parent: pulumi.Resource,
  setting: string,
  need: pulumi.Input<QuotaUsage>,
): pulumi.Output<true> {
  return pulumi.all([need, projectQuota(parent)]).apply(([amounts, quota]): true => {
    const short = shortages(amounts, quota);
    if (short.length === 0) return true;
    throw cloudError(
      `${setting}: the project's quota is too small; ask the cloud's operators for more, or for less in the settings:\n  ` +
        short.join("\n  "),
    );
  });
}

async function projectQuota(parent: pulumi.Resource): Promise<Quota> {
  try {
    const { projectId } = await openstack.identity.getAuthScope({ name: "quota" }, { parent });
    const [compute, volumes, network] = await Promise.all([
      openstack.compute.getQuotaSetV2({ projectId }, { parent }),
      openstack.blockstorage.getQuotasetV3({ projectId }, { parent }),
      openstack.networking.getQuotaV2({ projectId }, { parent }),
    ]);
    return {
      instances: compute.instances,
      cores: compute.cores,
      ram: compute.ram,
      keypairs: compute.keyPairs,
      volumes: volumes.volumes,
      gigabytes: volumes.gigabytes,
      ports: network.port,
      floatingIps: network.floatingip,
      securityGroups: network.securityGroup,
      securityGroupRules: network.securityGroupRule,
    };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    await pulumi.log.warn(`the cloud does not tell this project's quota, so it was not compared: ${words}`, parent);
    return {};
  }
}
