import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import { addressesOf } from "./names.ts";

export interface ServerArgs {
  /** Name in the cloud, the host's full name without the final dot. */
  readonly hostname: pulumi.Input<string>;
  readonly networkId: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
  /** Changing it resizes the server in place. */
  readonly flavorName: pulumi.Input<string>;
  /** Read when the server is made; a live server ignores another image. */
  readonly imageId: pulumi.Input<string>;
  /** Read when the server is made. */
  readonly keypairName: pulumi.Input<string>;
  /** cloud-init's text; read when the server is made. */
  readonly userData: pulumi.Input<string>;
  /**
   * Only a new value replaces the server, with the current image and user data. The engine refuses to replace a protected
   * server; `orrery callysto rebuild` lifts its protection for that one update.
   */
  readonly rebuildToken: string;
  /** Of the server and its port. @default { protect: true } */
  readonly retention?: Pick<Retention, "protect">;
}

/**
 * A server booted on a port of its own: the port, and with it every address, outlives the server.
 *
 * @example
 * const boot = { imageId, flavorName: "m1.small", keypairName, userData, rebuildToken: "1" };
 * const args = { hostname, networkId, securityGroupId: group.groupId, ...boot };
 * const server = new Server("hub", args, { parent: this });
 */
export class Server extends Block {
  /** Id of the present server; a rebuild changes it. */
  readonly serverId: pulumi.Output<string>;
  readonly portId: pulumi.Output<string>;
  /** Address inside the project's network. */
  readonly ipv4: pulumi.Output<string | undefined>;
  /** Global address, without brackets. */
  readonly ipv6: pulumi.Output<string | undefined>;

  constructor(name: string, args: ServerArgs, opts: BlockOptions) {
    super();
    const protect = args.retention?.protect ?? true;
    const port = this.make(
      new openstack.networking.Port(
        `${name}-port`,
        {
          name: args.hostname,
          networkId: args.networkId,
          securityGroupIds: [args.securityGroupId],
          adminStateUp: true,
        },
        { ...opts, protect },
      ),
    );
    const instance = this.make(
      new openstack.compute.Instance(
        `${name}-instance`,
        {
          name: args.hostname,
          flavorName: args.flavorName,
          imageId: args.imageId,
          keyPair: args.keypairName,
          networks: [{ port: port.id }],
          userData: args.userData,
          configDrive: true,
        },
        {
          ...opts,
          protect,
          // Two servers cannot hold one port.
          deleteBeforeReplace: true,
          ignoreChanges: ["imageId", "keyPair", "userData"],
          replacementTrigger: args.rebuildToken,
          customTimeouts: { create: "30m", update: "30m", delete: "15m" },
        },
      ),
    );

    const addresses = port.allFixedIps.apply(addressesOf);
    this.serverId = instance.id;
    this.portId = port.id;
    this.ipv4 = addresses.ipv4;
    this.ipv6 = addresses.ipv6;
  }
}
