import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import { toFqdn } from "./names.ts";

/** What a {@link Zone} needs. */
export interface ZoneArgs {
  /** Domain, final dot optional. */
  readonly domain: string;
  /** Mail address of the zone's keeper, for its SOA record. */
  readonly email: string;
  /** A zone is always protected. @default { retainOnDelete: false } */
  readonly retention?: Pick<Retention, "retainOnDelete">;
}

/** A DNS zone that the stack creates once; all names below it die with it, so it is always protected. */
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
