import type { QuotaUsage } from "../../blocks/openstack/quota.ts";
import { claviusRules } from "./clavius.ts";
import type { CallystoSettings, HostSettings } from "./settings.ts";
import { hubRules } from "./hub.ts";

/** Size of a flavour. */
export interface FlavorSize {
  readonly cores: number;
  /** MB. */
  readonly ram: number;
}

/** Neutron's own two rules of a new group, which let everything out. */
export const egressRules = 2;

const nothing: QuotaUsage = {
  instances: 0,
  cores: 0,
  ram: 0,
  keypairs: 0,
  volumes: 0,
  gigabytes: 0,
  ports: 0,
  floatingIps: 0,
  securityGroups: 0,
  securityGroupRules: 0,
};

/**
 * Quota that the environments require. Existing volumes and addresses count too; the size of
 * existing volumes is not in the settings and not counted.
 */
export function requiredQuota(settings: CallystoSettings, sizes: Readonly<Record<string, FlavorSize>>): QuotaUsage {
  const group = settings.packerSecurityGroup
    ? { securityGroups: 1, securityGroupRules: Object.keys(claviusRules).length + egressRules }
    : {};
  const all = Object.values(settings.environments).map((environment) => hostQuota(environment, sizes));
  return [{ ...nothing, ...group }, ...all].reduce(sum, nothing);
}

/** Quota of one environment. */
function hostQuota(environment: HostSettings, sizes: Readonly<Record<string, FlavorSize>>): QuotaUsage {
  const size = sizes[environment.flavor];
  const rules = environment.kind === "hub" ? hubRules : claviusRules;
  return {
    ...nothing,
    instances: 1,
    cores: size?.cores ?? 0,
    ram: size?.ram ?? 0,
    keypairs: environment.keypair.mode === "own" ? 1 : 0,
    volumes: 2,
    gigabytes: gigabytesOf(environment),
    ports: 1,
    floatingIps: environment.floatingIp.mode === "none" ? 0 : 1,
    securityGroups: 1,
    securityGroupRules: Object.keys(rules).length + egressRules,
  };
}

function gigabytesOf(environment: HostSettings): number {
  if (environment.kind === "clavius") return environment.homedirSize + environment.dockerSize;
  return environment.volumes.mode === "new" ? 2 * environment.volumes.size : 0;
}

function sum(one: QuotaUsage, other: QuotaUsage): QuotaUsage {
  const entries = Object.entries(one).map(([name, amount]) => [name, amount + other[name as keyof QuotaUsage]]);
  return Object.fromEntries(entries) as QuotaUsage;
}
