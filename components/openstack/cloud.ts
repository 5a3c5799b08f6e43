import type * as openstack from "@pulumi/openstack";

/** An OpenStack project that systems are deployed to; made from `clouds:settings` by config/targets.ts. */
export interface Cloud {
  readonly name: string;
  readonly region: string;
  /** Name of the network that floating IPs are drawn from. */
  readonly externalNetwork: string;
  /** Name of the project's own network that servers are attached to. */
  readonly network: string;
  /** The one provider of this cloud. */
  readonly provider: openstack.Provider;
}
