import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { cloudError } from "./cloud.ts";
import { isId } from "./names.ts";

/** A volume and the servers that have it. */
interface VolumeInUse {
  readonly id: string;
  readonly attachments: readonly { readonly instanceId: string }[];
}

/**
 * Looks up what already exists in the cloud; each error names the setting and says what to do about it.
 *
 * @example
 * const lookup = new Lookup(this, "callysto:settings.environments.hub");
 * const imageId = lookup.imageId("Debian 12");
 * const networkId = lookup.networkId(cloud.network);
 */
export class Lookup {
  private readonly parent: pulumi.Resource;
  private readonly setting: string;

  /**
   * @param parent Resource whose provider is asked.
   * @param setting Path of the settings that name the things, e.g. `callysto:settings.environments.hub-dev`.
   */
  constructor(parent: pulumi.Resource, setting: string) {
    this.parent = parent;
    this.setting = setting;
  }

  /** Id of the newest image with this name; an id is taken as it is. */
  imageId(image: string): pulumi.Output<string> {
    if (isId(image)) return pulumi.output(image);
    return this.find(
      "image",
      `no image named "${image}"; upload one or name another`,
      openstack.images.getImage({ name: image, mostRecent: true }, { parent: this.parent }),
    ).id;
  }

  /** Virtual processors and MB of memory of a flavour. */
  flavorSize(flavor: string): pulumi.Output<{ readonly cores: number; readonly ram: number }> {
    return this.find(
      "flavor",
      `no flavour named "${flavor}"; \`openstack flavor list\` shows what there is`,
      openstack.compute.getFlavor({ name: flavor }, { parent: this.parent }),
    ).apply(({ vcpus, ram }) => ({ cores: vcpus ?? 0, ram: ram ?? 0 }));
  }

  /** Id of a network by its name. */
  networkId(network: string): pulumi.Output<string> {
    return this.find(
      "network",
      `no network named "${network}" is visible to this project`,
      openstack.networking.getNetwork({ name: network }, { parent: this.parent }),
    ).id;
  }

  /** Name of a keypair, after checking that it exists. */
  keypairName(keypair: string): pulumi.Output<string> {
    return this.find(
      "keypair.name",
      `this user has no keypair named "${keypair}"; \`openstack keypair create --public-key\` makes it`,
      openstack.compute.getKeypair({ name: keypair }, { parent: this.parent }),
    ).apply(() => keypair);
  }

  /** Id of a zone of this project by its name, with or without the final dot. */
  zoneId(zone: string): pulumi.Output<string> {
    return this.find(
      "mode",
      `this project has no zone "${zone}"; another project owns it, or it must be created first`,
      openstack.dns.getDnsZone({ name: `${zone.replace(/\.$/, "")}.` }, { parent: this.parent }),
    ).id;
  }

  /**
   * Id of a volume, by its name or id, after checking that it is free or already this server's.
   * @param server Name of the server that is to have it.
   */
  volumeId(volume: string, server: pulumi.Input<string>): pulumi.Output<string> {
    const found = isId(volume) ? this.readVolume(volume) : this.findVolume(volume);
    return pulumi.all([found, server]).apply(async ([{ id, attachments }, name]) => {
      for (const { instanceId } of attachments) await this.belongsTo(`volume ${volume}`, instanceId, name);
      return id;
    });
  }

  private findVolume(volume: string): pulumi.Output<VolumeInUse> {
    return this.find(
      "volumes",
      `there is no volume named "${volume}", or more than one`,
      openstack.blockstorage.getVolumeV3({ name: volume }, { parent: this.parent }),
    );
  }

  /** The provider has no look-up by id, but reads. A promise, so that nothing depends on the read. */
  private readVolume(id: string): pulumi.Output<VolumeInUse> {
    const { attachments } = openstack.blockstorage.Volume.get(`volume-${id}`, id, undefined, { parent: this.parent });
    return pulumi.output(
      new Promise<VolumeInUse>((resolve) => {
        attachments.apply((known) => {
          resolve({ id, attachments: known });
        });
      }),
    );
  }

  /** @throws if what is attached to a server is attached to another one than that with this name. */
  private async belongsTo(what: string, serverId: string, name: string): Promise<void> {
    const server = await openstack.compute
      .getInstanceV2({ id: serverId }, { parent: this.parent })
      .catch(() => ({ name: "that this project does not show" }));
    if (server.name === name) return;
    throw cloudError(
      `${this.setting}.volumes: ${what} is in use by server ${server.name} (${serverId}), not by ${name}; ` +
        "detach it there (`openstack server remove volume`) or name another",
    );
  }

  /** A floating IP of this project by its address, or by its description when it is no address. */
  floatingIp(ip: string): pulumi.Output<openstack.networking.GetFloatingIpResult> {
    const wanted = /^[0-9.]+$/.test(ip) ? { address: ip } : { description: ip };
    return this.find(
      "floatingIp.ip",
      `this project has no floating IP "${ip}"; \`openstack floating ip list\` shows what it has`,
      openstack.networking.getFloatingIp(wanted, { parent: this.parent }),
    );
  }

  private find<T>(key: string, problem: string, found: Promise<T>): pulumi.Output<pulumi.Unwrap<T>> {
    const explained = found.catch((error: unknown) => {
      const words = oneLine(error instanceof Error ? error.message : String(error));
      throw cloudError(loginProblem(words) ?? `${this.setting}.${key}: ${problem}\n  the cloud said: ${words}`);
    });
    return pulumi.output(explained);
  }
}

/** Message for a cloud that does not answer or refuses the login. */
function loginProblem(words: string): string | undefined {
  const hint = "`clouds:settings` and the secret `clouds:<name>` say where the cloud is and who logs in";
  if (/connection refused|no such host|i\/o timeout|no route to host|EOF$|context deadline exceeded/.test(words)) {
    return `the OpenStack cloud does not answer; check its authUrl and the network: ${hint}\n  ${words}`;
  }
  if (/\b401\b|Authentication failed|requires authentication/.test(words)) {
    return `the OpenStack cloud refuses the login: ${hint}\n  ${words}`;
  }
  return undefined;
}

/** The provider's words without the call's name and the blank lines around them. */
function oneLine(words: string): string {
  return words
    .replace(/^invocation of \S+ returned an error:\s*/, "")
    .replace(/\s+/g, " ")
    .trim();
}
