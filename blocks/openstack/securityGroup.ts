import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";

/** An ingress rule from any address. */
export interface Ingress {
  readonly ethertype: "IPv4" | "IPv6";
  readonly protocol: "tcp" | "udp" | "icmp" | "ipv6-icmp";
  /** TCP or UDP port. */
  readonly port?: number;
}

export interface SecurityGroupArgs {
  /** Name in the cloud; for a server's own group its host name. */
  readonly groupName: pulumi.Input<string>;
  /** Keyed by meaning, so that another order replaces nothing. */
  readonly rules: Readonly<Record<string, Ingress>>;
}

/**
 * A security group with exactly these ingress rules; the cloud's default rules allow all egress.
 *
 * @example
 * const rules = { ...tcp("ssh", 22), ...tcp("https", 443), ...ping };
 * const group = new SecurityGroup("hub", { groupName: hostname, rules }, { parent: this });
 * const securityGroupId = group.groupId;
 */
export class SecurityGroup extends Block {
  readonly groupId: pulumi.Output<string>;

  constructor(name: string, args: SecurityGroupArgs, opts: BlockOptions) {
    super();
    const group = this.make(new openstack.networking.SecGroup(`${name}-group`, { name: args.groupName }, opts));
    for (const [meaning, rule] of Object.entries(args.rules)) {
      this.make(
        new openstack.networking.SecGroupRule(
          `${name}-${meaning}`,
          {
            securityGroupId: group.id,
            direction: "ingress",
            ethertype: rule.ethertype,
            protocol: rule.protocol,
            ...(rule.port === undefined ? {} : { portRangeMin: rule.port, portRangeMax: rule.port }),
          },
          // No range is the whole world; a cloud may have it either way, and naming it would replace the other.
          // The cloud deletes a group with its rules; one by one each takes five seconds.
          { ...opts, deletedWith: group },
        ),
      );
    }

    this.groupId = group.id;
  }
}

/** The rules for one TCP port over both families, e.g. `ssh-v4` and `ssh-v6`. */
export function tcp(meaning: string, port: number): Record<string, Ingress> {
  return {
    [`${meaning}-v4`]: { ethertype: "IPv4", protocol: "tcp", port },
    [`${meaning}-v6`]: { ethertype: "IPv6", protocol: "tcp", port },
  };
}

/** Ping and path discovery over both families; without ICMPv6 an IPv6 host is hardly reachable. */
export const ping: Readonly<Record<string, Ingress>> = {
  "icmp-v4": { ethertype: "IPv4", protocol: "icmp" },
  "icmp-v6": { ethertype: "IPv6", protocol: "ipv6-icmp" },
};
