import * as pulumi from "@pulumi/pulumi";
import { type Ingress, ping, tcp } from "../../blocks/openstack/securityGroup.ts";
import type { CallystoContext } from "./context.ts";
import type { HubSettings } from "./settings.ts";
import { metricsPort } from "./guest/nodeExporter.ts";
import { HubGuest, type HubSecrets } from "./guest/hub.ts";
import { type Disk, Host } from "./host.ts";

export interface HubArgs {
  /** Its name among the environments. */
  readonly environment: string;
  readonly context: CallystoContext;
  readonly settings: HubSettings;
  readonly secrets: HubSecrets;
}

/** A JupyterHub environment. */
export class Hub extends pulumi.ComponentResource {
  readonly host: Host;
  /** Public half of the guest's SSH host key; undefined without `guest` settings. */
  readonly hostKey: pulumi.Output<string> | undefined;

  constructor(name: string, args: HubArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:Hub", name, {}, opts);
    this.host = new Host(
      `${name}-host`,
      { context: args.context, settings: args.settings, rules: hubRules, disks: mirror(args.settings.volumes) },
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

/** The ten rules of a hub: web, metrics, login and ping over both families. The guest's firewall keeps 9999 closed, but to those who collect metrics. */
export const hubRules: Readonly<Record<string, Ingress>> = {
  ...tcp("ssh", 22),
  ...tcp("http", 80),
  ...tcp("https", 443),
  ...tcp("metrics", metricsPort),
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
