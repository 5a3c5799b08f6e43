import * as pulumi from "@pulumi/pulumi";
import type { GuestRole, SecretFile } from "../../../blocks/openstack/guest/description.ts";
import { firewall } from "../../../blocks/openstack/guest/firewall.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { Guest } from "../../../blocks/openstack/guest/guest.ts";
import type { CallystoContext } from "../context.ts";
import type { Host } from "../host.ts";
import { operator } from "../sshKeys.ts";
import { access } from "./access.ts";
import { acme, designateSecretFile, pushKeyFile } from "./acme.ts";
import { base } from "./base.ts";
import { docker, stopDocker } from "./docker.ts";
import { mail } from "./mail.ts";
import type { ClaviusGuestSettings } from "./settings.ts";
import { workVolume, workVolumeCommand } from "./workVolume.ts";

/** Secrets of the workstation; the settings decide which exist. */
export interface ClaviusSecrets {
  /** By the name of the certificate. */
  readonly designate: Readonly<Record<string, pulumi.Output<string>>>;
  readonly pushKey?: pulumi.Output<string> | undefined;
}

export interface ClaviusGuestArgs {
  readonly context: CallystoContext;
  readonly host: Host;
  readonly settings: ClaviusGuestSettings;
  readonly secrets: ClaviusSecrets;
}

/** What the team works with: the cloud's client, certificates, mail, name look-ups and encryption. */
const tools = ["python3-openstackclient", "python3-designateclient", "bsd-mailx", "dma", "bind9-dnsutils"];

/** The inside of the workstation; its encrypted volume is opened by hand, as only people know its passphrase. */
export class ClaviusGuest extends pulumi.ComponentResource {
  readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: ClaviusGuestArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:ClaviusGuest", name, {}, opts);
    const { context, host, settings } = args;
    const packages = [...tools, ...settings.packages];
    const parts: Record<string, pulumi.Input<GuestRole>> = {
      base: host.hostname.apply((hostname) => base({ ...settings, hostname, packages })),
      mail: host.hostname.apply((full) => mail({ hostname: full, ...settings })),
      access: access(context.accountKeys),
      firewall: firewall({ open: [22] }),
      "work-volume": (host.volumes.volumeIds.homedir ?? pulumi.output("")).apply(workVolume),
      "docker-volume": (host.volumes.volumeIds.docker ?? pulumi.output("")).apply(dockerVolume),
      docker: docker("root"),
      ...(Object.keys(settings.certificates).length === 0
        ? {}
        : { certificates: context.hubKeys.apply((keys) => acme(settings.certificates, keys)) }),
    };
    const guest = new Guest(
      `${name}-guest`,
      {
        address: host.loginAddress,
        user: operator,
        privateKey: context.deployKey.private,
        bootstrapKey: host.bootstrapKey,
        serverId: host.server.serverId,
        after: host.volumes.attachments,
        secrets: secretFiles(args.secrets),
        roles: parts,
        release: [...stopDocker, "umount -q /var/lib/docker || true", `${workVolumeCommand} close || true`],
        retention: host.retention,
      },
      { parent: this },
    );
    this.hostKey = guest.hostKey;
    this.registerOutputs({ hostKey: this.hostKey });
  }
}

/** Read by the service that renews, which runs as the operators' account. */
function secretFiles({ designate, pushKey }: ClaviusSecrets): Record<string, SecretFile> {
  const owner = `${operator}:${operator}`;
  const files = Object.entries(designate).map(([name, text]): [string, SecretFile] => [
    `designate-${name}`,
    { path: designateSecretFile(name), text, owner },
  ]);
  return {
    ...Object.fromEntries(files),
    ...(pushKey === undefined ? {} : { "push-key": { path: pushKeyFile, text: pushKey, owner } }),
  };
}

/** The volume for images and containers, found by its id and formatted only when it is blank. */
function dockerVolume(volumeId: string): GuestRole {
  return {
    packages: ["xfsprogs"],
    steps: [`disk docker_disk ${quoted(volumeId)}`, 'filesystem "$docker_disk" xfs docker /var/lib/docker'],
  };
}
