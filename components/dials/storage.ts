import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import type { Mount, MountOptions } from "../../blocks/kubernetes/volume.ts";
import { existingClaim } from "../../blocks/kubernetes/volume.ts";
import type { DialsSettings } from "./settings.ts";
import type { DialsContext } from "./context.ts";

/** A claim that containers can mount. */
export interface Storage {
  mount(options?: MountOptions): Mount;
}

/** A claim of the settings: made or taken over, or one that must be there already. */
export function storage(
  name: string,
  { namespace, settings }: DialsContext,
  claimName: string,
  wanted: DialsSettings["eos"] | DialsSettings["broker"],
  accessModes: readonly string[],
  parent: pulumi.Resource,
): Storage {
  if (!wanted.create) {
    // Asked for by name, so that a missing claim is an error here and not a pod that waits for ever.
    const found = k8s.core.v1.PersistentVolumeClaim.get(`${name}-claim`, `${namespace.plainName}/${claimName}`, {
      parent,
    });
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
      size: wanted.size,
      accessModes,
      ...(wanted.storageClass === undefined ? {} : { storageClass: wanted.storageClass }),
      // A class may wait for the first pod before it binds; the pods are waited for anyway.
      annotations: { "pulumi.com/skipAwait": "true" },
      protect: !settings.disposable,
      retainOnDelete: settings.retainOnDelete,
    },
    { parent },
  );
}
