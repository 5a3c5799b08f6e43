import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import type { Retention } from "../../blocks/block.ts";
import { FloatingAddress } from "../../blocks/openstack/floatingIp.ts";
import { cloudConfigText } from "../../blocks/openstack/cloud.ts";
import { DataVolumes, type ExistingVolume, type NewVolume } from "../../blocks/openstack/dataVolumes.ts";
import { HostRecords } from "../../blocks/openstack/dns.ts";
import { Lookup } from "../../blocks/openstack/lookup.ts";
import { type Ingress, SecurityGroup } from "../../blocks/openstack/securityGroup.ts";
import { Server } from "../../blocks/openstack/server.ts";
import type { CallystoContext } from "./context.ts";
import type { HostSettings } from "./settings.ts";
import { authorizedKeys, operator } from "./sshKeys.ts";

/** A data volume of a host: a new one is named `<host name>-<suffix>`. */
export type Disk =
  { readonly suffix: string; readonly size: number; readonly type?: string | undefined } | { readonly volume: string };

export interface HostArgs {
  readonly context: CallystoContext;
  readonly settings: HostSettings;
  readonly rules: Readonly<Record<string, Ingress>>;
  /** Keyed by role, in the order of attachment. */
  readonly disks: Readonly<Record<string, Disk>>;
}

/** One server of Callysto with everything around it; server, security group and DNS share the host's full name. */
export class Host extends pulumi.ComponentResource {
  /** Full name without the final dot. */
  readonly hostname: pulumi.Output<string>;
  readonly keypairName: pulumi.Output<string>;
  readonly server: Server;
  /** Public half of the host key that a new server shows at the first login. */
  readonly bootstrapKey: pulumi.Output<string>;
  readonly volumes: DataVolumes;
  /** Of everything that an environment cannot get back: server, port, keys, new volumes, new address. */
  readonly retention: Retention;
  /** Public IPv4 address, where the host has one. */
  readonly publicIpv4: pulumi.Output<string> | undefined;
  /** Address to log in to: the floating IP, else IPv6. */
  readonly loginAddress: pulumi.Output<string>;

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:Host", name, {}, opts);
    const { context, settings } = args;
    const { cloud } = context;
    const lookup = new Lookup(this, context.path);
    this.retention = { protect: !settings.disposable, retainOnDelete: context.retainOnDelete };

    const chosen = this.label(name, settings.name);
    const existing = existingVolumes(args.disks, pulumi.interpolate`${chosen}.${settings.domain}`, lookup);
    // Every resource carries the name, so nothing is created before the existing volumes are known to be free.
    const label = pulumi.all([chosen, context.quotaChecked, existing]).apply(([known]) => known);
    this.hostname = pulumi.interpolate`${label}.${settings.domain}`;
    this.keypairName = this.keypair(name, args, label, lookup);

    // Each new server gets another one, as the last one's users could read it.
    const bootstrap = new tls.PrivateKey(
      `${name}-bootstrap-key`,
      { algorithm: "ED25519" },
      { parent: this, replacementTrigger: settings.rebuildToken },
    );
    this.bootstrapKey = bootstrap.publicKeyOpenssh.apply((line) => line.trim());
    const group = new SecurityGroup(
      `${name}-security`,
      { groupName: this.hostname, rules: args.rules },
      { parent: this },
    );
    this.server = new Server(
      `${name}-server`,
      {
        hostname: this.hostname,
        networkId: lookup.networkId(cloud.network),
        securityGroupId: group.groupId,
        flavorName: settings.flavor,
        imageId: lookup.imageId(settings.image),
        keypairName: this.keypairName,
        userData: pulumi.all([bootstrap.privateKeyOpenssh, this.bootstrapKey]).apply(([secret, line]) =>
          cloudConfigText({
            user: operator,
            authorizedKeys: authorizedKeys(context.keys, operator),
            hostKey: { public: line, private: secret },
          }),
        ),
        rebuildToken: settings.rebuildToken,
        retention: this.retention,
      },
      { parent: this },
    );
    this.volumes = new DataVolumes(
      `${name}-volumes`,
      {
        serverId: this.server.serverId,
        volumes: volumesOf(args.disks, this.hostname, existing),
        retention: this.retention,
      },
      { parent: this },
    );
    this.publicIpv4 = this.floatingAddress(name, args, lookup);
    // Looked up only where it is used: hosts without IPv6 may be on a network without it.
    const ipv6 = (): pulumi.Output<string> =>
      this.server.ipv6.apply((found) => required(found, `network "${cloud.network}" gave ${name} no IPv6 address`));
    this.loginAddress = this.publicIpv4 ?? ipv6();
    if (context.zoneId !== undefined) {
      const records = { zoneId: context.zoneId, hostname: this.hostname, ipv4: this.publicIpv4, ipv6: ipv6() };
      new HostRecords(`${name}-dns`, records, { parent: this });
    }
    this.registerOutputs({ hostname: this.hostname, loginAddress: this.loginAddress, serverId: this.server.serverId });
  }

  /** First label of the host's name. */
  private label(name: string, settings: HostSettings["name"]): pulumi.Output<string> {
    if (settings.mode === "fixed") return pulumi.output(settings.label);
    const chosen = new random.RandomPet(`${name}-name`, { length: 2 }, { parent: this }).id;
    return pulumi.interpolate`${settings.prefix}${chosen}`;
  }

  private keypair(name: string, args: HostArgs, label: pulumi.Output<string>, lookup: Lookup): pulumi.Output<string> {
    const { context, settings } = args;
    const { keypair } = settings;
    if (keypair.mode === "existing") return lookup.keypairName(keypair.name);
    if (keypair.mode === "shared")
      return pulumi
        .output(context.sharedKeypair)
        .apply((shared) => required(shared, `${context.path}.keypair.with names an environment without a keypair`));
    // The name is taken while the old keypair lives. Not protected: it is made of the settings, and replaced with the deploy key.
    const own = { name: label, publicKey: context.deployKey.public };
    return new openstack.compute.Keypair(`${name}-keypair`, own, { parent: this, deleteBeforeReplace: true }).name;
  }

  private floatingAddress(name: string, args: HostArgs, lookup: Lookup): pulumi.Output<string> | undefined {
    const { context, settings } = args;
    const { floatingIp } = settings;
    if (floatingIp.mode === "none") return undefined;
    const source =
      floatingIp.mode === "new"
        ? { mode: "new" as const, pool: context.cloud.externalNetwork, description: this.hostname }
        : { mode: "existing" as const, ip: lookup.floatingIp(floatingIp.ip), setting: `${context.path}.floatingIp.ip` };
    return new FloatingAddress(
      `${name}-address`,
      { portId: this.server.portId, source, retention: this.retention },
      { parent: this },
    ).address;
  }
}

/** Ids of the disks that exist already, by role. */
function existingVolumes(
  disks: Readonly<Record<string, Disk>>,
  hostname: pulumi.Output<string>,
  lookup: Lookup,
): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    Object.entries(disks).flatMap(([role, disk]) =>
      "volume" in disk ? [[role, lookup.volumeId(disk.volume, hostname)] as const] : [],
    ),
  );
}

function volumesOf(
  disks: Readonly<Record<string, Disk>>,
  hostname: pulumi.Output<string>,
  existing: Readonly<Record<string, pulumi.Output<string>>>,
): Record<string, NewVolume | ExistingVolume> {
  const volume = (role: string, disk: Disk): NewVolume | ExistingVolume =>
    "volume" in disk
      ? { mode: "existing", volumeId: existing[role] ?? disk.volume }
      : { mode: "new", volumeName: pulumi.interpolate`${hostname}-${disk.suffix}`, size: disk.size, type: disk.type };
  return Object.fromEntries(Object.entries(disks).map(([role, disk]) => [role, volume(role, disk)]));
}

/** @throws if the value is missing. */
function required<T>(value: T | undefined, problem: string): T {
  if (value === undefined) throw new pulumi.RunError(problem);
  return value;
}
