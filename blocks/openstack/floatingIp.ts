import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import { cloudError } from "./cloud.ts";

/** Where the public IPv4 address comes from. */
type AddressSource =
  | {
      /** Drawn from the pool and owned by the stack. */
      readonly mode: "new";
      /** Name of the external network. */
      readonly pool: string;
      /** Description in the cloud; addresses have no name. */
      readonly description: pulumi.Input<string>;
    }
  | {
      /** Allocated outside the stack; only associated, so destroy never releases it. */
      readonly mode: "existing";
      readonly ip: pulumi.Input<openstack.networking.GetFloatingIpResult>;
      /** Setting that names it, for the error when it is taken. */
      readonly setting: string;
    };

export interface FloatingAddressArgs {
  /** Port that receives the traffic; it outlives the server behind it. */
  readonly portId: pulumi.Input<string>;
  readonly source: AddressSource;
  /** Of a new address; users have it in their firewalls. @default { protect: true, retainOnDelete: false } */
  readonly retention?: Retention;
}

/**
 * A floating IP bound to a port.
 *
 * @example
 * const source = { mode: "new", pool: cloud.externalNetwork, description: hostname } as const;
 * const args = { portId: server.portId, source };
 * const { address } = new FloatingAddress("hub", args, { parent: this });
 */
export class FloatingAddress extends Block {
  /** Public IPv4 address. */
  readonly address: pulumi.Output<string>;
  /** Present once traffic reaches the port. */
  readonly association: openstack.networking.FloatingIpAssociate;

  constructor(name: string, args: FloatingAddressArgs, opts: BlockOptions) {
    super();
    const { source } = args;
    this.address =
      source.mode === "new"
        ? this.make(
            new openstack.networking.FloatingIp(
              `${name}-ip`,
              { pool: source.pool, description: source.description },
              {
                ...opts,
                protect: args.retention?.protect ?? true,
                retainOnDelete: args.retention?.retainOnDelete ?? false,
              },
            ),
          ).address
        : pulumi.all([source.ip, args.portId]).apply(([ip, portId]) => freeAddress(ip, portId, source.setting));
    this.association = this.make(
      new openstack.networking.FloatingIpAssociate(
        `${name}-association`,
        { floatingIp: this.address, portId: args.portId },
        opts,
      ),
    );
  }
}

/**
 * The address of a floating IP that is free or already on this port.
 * @throws if another port has it: Neutron would silently move it.
 */
export function freeAddress(ip: openstack.networking.GetFloatingIpResult, portId: string, setting: string): string {
  const address = ip.address ?? "";
  if (ip.portId !== undefined && ip.portId !== "" && ip.portId !== portId) {
    throw cloudError(
      `${setting}: floating IP ${address} is taken by port ${ip.portId}` +
        `${ip.fixedIp === undefined ? "" : ` (${ip.fixedIp})`}; free it there or name another`,
    );
  }
  return address;
}
