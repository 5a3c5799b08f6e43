import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import { toFqdn } from "./names.ts";

/** What {@link HostRecords} need. */
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

/** A host's address records. */
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
