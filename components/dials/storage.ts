import * as k8s from "@pulumi/kubernetes";
import type { BlockOptions } from "../../blocks/block.ts";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import type { Mount, MountOptions } from "../../blocks/kubernetes/volume.ts";
import { existingClaim } from "../../blocks/kubernetes/volume.ts";
import type { DialsSettings } from "./settings.ts";
import type { DialsContext } from "./context.ts";

/** A mountable claim. */
export interface Storage {
  mount(options?: MountOptions): Mount;
}

interface StorageArgs {
  readonly context: DialsContext;
  readonly claimName: string;
  readonly claim: DialsSettings["eos"] | DialsSettings["broker"];
  readonly accessModes: readonly string[];
}

/** A claim of the settings: created, or looked up where it must exist already. */
export function storage(
  name: string,
  { context, claimName, claim, accessModes }: StorageArgs,
  opts: BlockOptions,
): Storage {
  const { namespace, settings } = context;
  if (!claim.create) {
    // Looked up, so that a missing claim is an error here instead of a pod that waits for ever.
    const found = k8s.core.v1.PersistentVolumeClaim.get(`${name}-claim`, `${namespace.plainName}/${claimName}`, opts);
    return {
      mount: (options = {}) =>
        existingClaim(
          found.id.apply(() => claimName),
          claimName,
          options,
        ),
    };
  }
  return new PersistentVolumeClaim(
    name,
    {
      namespace,
      name: claimName,
      size: claim.size,
      accessModes: claim.accessMode === undefined ? accessModes : [claim.accessMode],
      ...(claim.storageClass === undefined ? {} : { storageClass: claim.storageClass }),
      // A class may wait for the first pod before it binds; the pods are waited for anyway.
      annotations: { "pulumi.com/skipAwait": "true" },
      retention: { protect: !settings.disposable, retainOnDelete: settings.retainOnDelete },
    },
    opts,
  );
}
