import * as pulumi from "@pulumi/pulumi";
import { type Ingress, ping, tcp } from "../../blocks/openstack/securityGroup.ts";
import type { CallystoContext } from "./context.ts";
import type { ClaviusSettings } from "./settings.ts";
import { ClaviusGuest, type ClaviusSecrets } from "./guest/clavius.ts";
import { Host } from "./host.ts";

export interface ClaviusArgs {
  readonly context: CallystoContext;
  readonly settings: ClaviusSettings;
  readonly secrets: ClaviusSecrets;
}

/** The team's workstation, from which the hubs are run. */
export class Clavius extends pulumi.ComponentResource {
  readonly host: Host;
  /** Public half of the guest's SSH host key; undefined without `guest` settings. */
  readonly hostKey: pulumi.Output<string> | undefined;

  constructor(name: string, args: ClaviusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:Clavius", name, {}, opts);
    const { homedirSize, dockerSize } = args.settings;
    const disks = { homedir: { suffix: "homedir", size: homedirSize }, docker: { suffix: "docker", size: dockerSize } };
    this.host = new Host(
      `${name}-host`,
      { context: args.context, settings: args.settings, rules: claviusRules, disks },
      { parent: this },
    );
    const { guest } = args.settings;
    if (guest !== undefined) {
      const inside = { ...args, settings: guest, host: this.host };
      this.hostKey = new ClaviusGuest(`${name}-inside`, inside, { parent: this }).hostKey;
    }
    this.registerOutputs({ hostname: this.host.hostname });
  }
}

/** The four rules of the workstation: login and ping over both families. */
export const claviusRules: Readonly<Record<string, Ingress>> = { ...tcp("ssh", 22), ...ping };
