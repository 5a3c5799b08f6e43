import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { Mount, MountOptions } from "./volume.ts";
import { existingClaim } from "./volume.ts";

export interface PersistentVolumeClaimArgs extends ObjectArgs {
  /** Kubernetes quantity, e.g. "5Gi"; may grow, never shrink. */
  readonly size: string;
  /** @default the cluster's default class */
  readonly storageClass?: string;
  /** @default ["ReadWriteOnce"] */
  readonly accessModes?: readonly string[];
  /** A certain PersistentVolume. @default any */
  readonly volumeName?: string;
  /** @default { protect: true, retainOnDelete: false } */
  readonly retention?: Retention;
}

/**
 * Storage that outlives the pods that use it.
 *
 * @example
 * const retention = { protect: true, retainOnDelete: false };
 * const data = new PersistentVolumeClaim("data", { namespace, name: "data", size: "5Gi", retention }, { parent: this });
 * const mounts = { "/var/lib/data": data.mount() };
 */
export class PersistentVolumeClaim extends Block {
  readonly claimName: pulumi.Output<string>;
  private readonly physicalName: string;

  constructor(name: string, args: PersistentVolumeClaimArgs, opts: BlockOptions) {
    super();
    const claim = this.make(
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-claim`,
        {
          metadata: metadata(args),
          spec: dropUndefined<k8s.types.input.core.v1.PersistentVolumeClaimSpec>({
            accessModes: [...(args.accessModes ?? ["ReadWriteOnce"])],
            resources: { requests: { storage: args.size } },
            storageClassName: args.storageClass,
            volumeName: args.volumeName,
          }),
        },
        // The cluster writes class and volume back; neither may replace a claim that holds data.
        {
          ...opts,
          protect: args.retention?.protect ?? true,
          retainOnDelete: args.retention?.retainOnDelete ?? false,
          ignoreChanges: [
            ...(args.storageClass === undefined ? ["spec.storageClassName"] : []),
            ...(args.volumeName === undefined ? ["spec.volumeName"] : []),
          ],
        },
      ),
    );
    this.claimName = claim.metadata.name;
    this.physicalName = args.name;
  }

  /** The claim as a volume; its name in the pod is the claim's unless another is given. */
  mount(options: MountOptions = {}): Mount {
    return existingClaim(this.claimName, this.physicalName, options);
  }
}
