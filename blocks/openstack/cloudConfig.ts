import { stringify } from "yaml";

/** What cloud-init does at a server's first boot; everything else is the converge's, which can change a live server. */
export interface CloudConfig {
  /** The image's default user gets this name; it may use sudo. */
  readonly user: string;
  /** Public keys that may log in as that user. */
  readonly authorizedKeys: readonly string[];
}

/** cloud-init's user data; only public things, as anyone in the project can read it. */
export function cloudConfigText(config: CloudConfig): string {
  const document = {
    preserve_hostname: true,
    user: { name: config.user },
    ssh_authorized_keys: [...config.authorizedKeys],
  };
  return `#cloud-config\n${stringify(document, { lineWidth: 0 })}`;
}
