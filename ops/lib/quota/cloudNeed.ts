/** What Callysto's environments require of their cloud's project, with its quota and what is in use. */
import type { CallystoSettings } from "../../../components/callysto/settings.ts";
import { requiredQuota } from "../../../components/callysto/quota.ts";
import type { QuotaUsage } from "../../../blocks/openstack/quota.ts";
import type { CloudApi } from "../cloud/openstack.ts";
import { flavorSizes, quotaUse } from "../cloud/quota.ts";

/** One amount; memory in MB, volume size in GB. A quota of -1 is unlimited, and what the cloud does not report is missing. */
export interface CloudNeed {
  readonly name: keyof QuotaUsage;
  readonly need: number;
  readonly quota: number | undefined;
  readonly used: number | undefined;
}

/** @throws if the cloud has no such flavour, or does not answer */
export async function cloudNeed(settings: CallystoSettings, cloud: CloudApi): Promise<readonly CloudNeed[]> {
  const [uses, sizes] = await Promise.all([quotaUse(cloud), flavorSizes(cloud)]);
  for (const [environment, { flavor }] of Object.entries(settings.environments)) {
    if (sizes[flavor] === undefined) {
      throw new Error(`callysto:settings.environments.${environment}.flavor: the cloud has no flavour "${flavor}"`);
    }
  }
  const need = requiredQuota(settings, sizes);
  return uses.map(({ name, quota, used }) => ({ name, need: need[name], quota, used }));
}
