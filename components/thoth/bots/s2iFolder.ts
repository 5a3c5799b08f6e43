import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import type { Mount } from "../../../blocks/kubernetes/volume.ts";
import { scratch } from "../../../blocks/kubernetes/volume.ts";

/** What a pod needs whose image is built from source on one of sclorg's Pythons. */
export interface S2iFolder {
  readonly initContainer: ContainerArgs;
  /** `/opt/app-root/etc` of the program. */
  readonly mount: Mount;
}

/**
 * The start script of such an image writes a line for the platform's user into this folder, and all later look-ups of
 * users read it there. So an init container copies the folder to where it can be written.
 */
export function s2iFolder({ image, exceptions }: Pick<ContainerArgs, "image" | "exceptions">): S2iFolder {
  const mount = scratch({ volume: "app-root-etc", memory: true, size: "1Mi" });
  return {
    initContainer: {
      name: "app-root-etc",
      image,
      ...(exceptions === undefined ? {} : { exceptions }),
      command: ["cp", "-R", "/opt/app-root/etc/.", "/run/etc"],
      mounts: { "/run/etc": mount },
      scratch: [],
      resources: { cpu: ["10m", "100m"], memory: ["16Mi", "64Mi"] },
    },
    mount,
  };
}
