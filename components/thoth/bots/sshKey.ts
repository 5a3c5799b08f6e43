import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import type { KeyMountOptions, Mount } from "../../../blocks/kubernetes/volume.ts";
import { scratch } from "../../../blocks/kubernetes/volume.ts";
import type { BotImage } from "./botImage.ts";

/** A Secret that holds an SSH key, among other things. */
interface KeySecret {
  mount(options: KeyMountOptions<"ssh-privatekey">): Mount;
}

/** What a bot needs to use its SSH key. */
export interface SshKey {
  readonly initContainer: ContainerArgs;
  /** `~/.ssh` of the bot. */
  readonly mount: Mount;
}

/**
 * OpenSSH wants a key that only its user can read, but a Secret's files belong to root and the user's id is picked by
 * the platform. So an init container, run by the same user, copies the key into memory with mode 0600.
 */
export function sshKey(secret: KeySecret, { image, exceptions }: BotImage): SshKey {
  const mount = scratch({ volume: "ssh-config", memory: true, size: "1Mi" });
  return {
    initContainer: {
      name: "ssh-key",
      image,
      exceptions,
      command: ["install", "-m", "0600", "/run/ssh-key/id_rsa", "/home/user/.ssh/id_rsa"],
      mounts: {
        "/run/ssh-key": secret.mount({ items: { "ssh-privatekey": "id_rsa" }, mode: 0o444 }),
        "/home/user/.ssh": mount,
      },
      scratch: [],
      resources: { cpu: ["10m", "100m"], memory: ["16Mi", "64Mi"] },
    },
    mount,
  };
}
