import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../../blocks/openstack/cloud.ts";
import { type Ingress, ping, tcp } from "../../blocks/openstack/securityGroup.ts";
import type { HubSettings } from "./settings.ts";
import { HubGuest, type HubSecrets } from "./guest/hub.ts";
import { type Disk, Host } from "./host.ts";
import type { SshKey } from "./sshKeys.ts";

/** What every environment needs besides its own settings. */
export interface EnvironmentArgs<Settings> {
  readonly settings: Settings;
  /** Path of the settings, for errors of look-ups. */
  readonly path: string;
  readonly cloud: Cloud;
  readonly deployKey: string;
  readonly sharedKeypair?: pulumi.Input<string> | undefined;
  readonly zoneId?: pulumi.Input<string> | undefined;
  readonly keys: Readonly<Record<string, SshKey>>;
  /** Nothing is made before the project is known to have room for it. */
  readonly room: pulumi.Output<true>;
  readonly retainOnDelete: boolean;
  /** Private half of the deploy key. */
  readonly privateKey: pulumi.Output<string>;
}

/** What a {@link Hub} needs. */
export interface HubArgs extends EnvironmentArgs<HubSettings> {
  readonly secrets: HubSecrets;
}

/** A JupyterHub environment. */
export class Hub extends pulumi.ComponentResource {
  readonly host: Host;
  /** Public half of the key by which SSH knows the guest; none where the inside is not described. */
  readonly hostKey: pulumi.Output<string> | undefined;

  constructor(name: string, args: HubArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:Hub", name, {}, opts);
    this.host = new Host(
      `${name}-host`,
      { ...args, rules: hubRules, disks: mirror(args.settings.volumes) },
      { parent: this },
    );
    const { guest } = args.settings;
    if (guest !== undefined) {
      const inside = { ...args, settings: guest, host: this.host };
      this.hostKey = new HubGuest(`${name}-inside`, inside, { parent: this }).hostKey;
    }
    this.registerOutputs({ hostname: this.host.hostname });
  }
}

/** The ten rules of a hub: web, metrics, login and ping over both families. 9999 is shut in the guest until metrics are served. */
export const hubRules: Readonly<Record<string, Ingress>> = {
  ...tcp("ssh", 22),
  ...tcp("http", 80),
  ...tcp("https", 443),
  ...tcp("metrics", 9999),
  ...ping,
};

/** The two halves of the ZFS mirror. */
function mirror(volumes: HubSettings["volumes"]): Record<string, Disk> {
  const roles = ["zfs-01", "zfs-02"];
  return Object.fromEntries(
    roles.map((role, index) => [
      role,
      volumes.mode === "new"
        ? { suffix: role, size: volumes.size, type: volumes.type }
        : { volume: volumes.volumes[index] ?? "" },
    ]),
  );
}
