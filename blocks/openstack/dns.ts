/** Zones and address records in Designate. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import { toFqdn } from "./names.ts";

export interface ZoneArgs {
  /** Domain, final dot optional. */
  readonly domain: string;
  /** Mail address of the zone's keeper, for its SOA record. */
  readonly email: string;
  /** A zone is always protected. @default { retainOnDelete: false } */
  readonly retention?: Pick<Retention, "retainOnDelete">;
}

/**
 * A DNS zone that the stack creates once; deleting it deletes all names below it, so it is always protected.
 *
 * @example
 * const args = { domain: "example.org", email: "dns@example.org" };
 * const zone = new Zone("example", args, { parent: this });
 * new HostRecords("hub", { zoneId: zone.zoneId, hostname, ipv4 }, { parent: this });
 */
export class Zone extends Block {
  readonly zoneId: pulumi.Output<string>;

  constructor(name: string, args: ZoneArgs, opts: BlockOptions) {
    const domain = toFqdn(args.domain);
    super();
    const zone = this.make(
      new openstack.dns.Zone(
        `${name}-zone`,
        { name: domain, email: args.email },
        {
          ...opts,
          protect: true,
          retainOnDelete: args.retention?.retainOnDelete ?? false,
          customTimeouts: { create: "5m", update: "5m", delete: "5m" },
        },
      ),
    );

    this.zoneId = zone.id;
  }
}

export interface HostRecordsArgs {
  readonly zoneId: pulumi.Input<string>;
  /** Full name of the host, final dot optional. */
  readonly hostname: pulumi.Input<string>;
  /** Public IPv4 address; no A record without one. */
  readonly ipv4?: pulumi.Input<string> | undefined;
  /** Global IPv6 address; no AAAA record without one. */
  readonly ipv6?: pulumi.Input<string> | undefined;
  /** Seconds that resolvers may keep an answer. @default 60 */
  readonly ttl?: number;
}

/**
 * A host's address records.
 *
 * @example
 * const hostname = "hub.example.org";
 * const args = { zoneId: zone.zoneId, hostname, ipv4: "192.0.2.1" };
 * const { fqdn } = new HostRecords("hub", args, { parent: this });
 */
export class HostRecords extends Block {
  /** Full name, always with the final dot. */
  readonly fqdn: pulumi.Output<string>;

  constructor(name: string, args: HostRecordsArgs, opts: BlockOptions) {
    super();
    this.fqdn = pulumi.output(args.hostname).apply(toFqdn);
    const record = (role: string, type: "A" | "AAAA", address: pulumi.Input<string>): openstack.dns.RecordSet =>
      this.make(
        new openstack.dns.RecordSet(
          `${name}-${role}`,
          { zoneId: args.zoneId, name: this.fqdn, type, ttl: args.ttl ?? 60, records: [address] },
          // Designate's own workers may need minutes; a record that times out is lost from the state.
          { ...opts, customTimeouts: { create: "5m", update: "5m", delete: "5m" } },
        ),
      );
    if (args.ipv4 !== undefined) record("a", "A", args.ipv4);
    if (args.ipv6 !== undefined) record("aaaa", "AAAA", args.ipv6);
  }
}
