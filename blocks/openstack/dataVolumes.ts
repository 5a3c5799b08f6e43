import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";

/** A volume that the stack makes and keeps. */
export interface NewVolume {
  readonly mode: "new";
  /** Name in the cloud. */
  readonly volumeName: pulumi.Input<string>;
  /** GB; may grow while attached, never shrink. */
  readonly size: number;
  /** @default the cloud's default type */
  readonly type?: string | undefined;
}

/** A volume that lives outside the stack: it is attached, never made and never deleted. */
export interface ExistingVolume {
  readonly mode: "existing";
  readonly volumeId: pulumi.Input<string>;
}

export interface DataVolumesArgs {
  readonly serverId: pulumi.Input<string>;
  /** Keyed by role; attached in this order, one after the other. */
  readonly volumes: Readonly<Record<string, NewVolume | ExistingVolume>>;
  /** Of the new volumes. @default { protect: true, retainOnDelete: false } */
  readonly retention?: Retention;
}

/**
 * A server's data volumes; guests find them by id, never by device letter.
 *
 * @example
 * const volumes = { data: { mode: "new", volumeName: "hub-data", size: 100 } } as const;
 * const disks = new DataVolumes("hub", { serverId: server.serverId, volumes }, { parent: this });
 * const id = disks.volumeIds.data;
 */
export class DataVolumes extends Block {
  /** Ids by role. */
  readonly volumeIds: Readonly<Record<string, pulumi.Output<string>>>;
  /** The attachments in their order; users of the disks depend on the last. */
  readonly attachments: readonly openstack.compute.VolumeAttach[];

  constructor(name: string, args: DataVolumesArgs, opts: Omit<BlockOptions, "dependsOn">) {
    super();
    const volumeIds: Record<string, pulumi.Output<string>> = {};
    const attachments: openstack.compute.VolumeAttach[] = [];
    for (const [role, volume] of Object.entries(args.volumes)) {
      const volumeId =
        volume.mode === "existing" ? pulumi.output(volume.volumeId) : this.create(name, role, volume, args, opts);
      const attachment = this.make(
        new openstack.compute.VolumeAttach(
          `${name}-${role}-attachment`,
          { instanceId: args.serverId, volumeId },
          // One after the other: Nova fails when two disks are attached at once. A volume is attached to one server only.
          { ...opts, deleteBeforeReplace: true, dependsOn: attachments.slice(-1) },
        ),
      );
      volumeIds[role] = volumeId;
      attachments.push(attachment);
    }

    this.volumeIds = volumeIds;
    this.attachments = attachments;
  }

  private create(
    name: string,
    role: string,
    volume: NewVolume,
    args: DataVolumesArgs,
    opts: Omit<BlockOptions, "dependsOn">,
  ): pulumi.Output<string> {
    const made = this.make(
      new openstack.blockstorage.Volume(
        `${name}-${role}`,
        {
          name: volume.volumeName,
          size: volume.size,
          enableOnlineResize: true,
          ...(volume.type === undefined ? {} : { volumeType: volume.type }),
        },
        { ...opts, protect: args.retention?.protect ?? true, retainOnDelete: args.retention?.retainOnDelete ?? false },
      ),
    );
    return made.id;
  }
}
