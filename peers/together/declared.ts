/** What each of the stacks declares that go up and down side by side: a tenant's usual resources, none of them a machine. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";

/** Ports and servers of a stack. */
const servers = 2;

/**
 * Declares the resources of the stack whose settings are `name`, a prefix, and `round`, which changes some of them.
 * No zone: suites make top-level domains, and then Designate refuses all others.
 */
export function declare(): void {
  const settings = new pulumi.Config("together");
  const [name, round] = [settings.require("name"), settings.requireNumber("round")];
  const network = new openstack.networking.Network("network", { name });
  const cidr = "10.88.0.0/24";
  const subnet = new openstack.networking.Subnet("subnet", { name, networkId: network.id, cidr });
  const external = openstack.networking.getNetworkOutput({ name: "public" });
  const router = new openstack.networking.Router("router", { name, externalNetworkId: external.id });
  const connected = new openstack.networking.RouterInterface("interface", { routerId: router.id, subnetId: subnet.id });
  const group = new openstack.networking.SecGroup("group", { name, description: `round ${round}` });
  for (let index = 0; index < 3; index++) {
    const port = 8000 + 10 * round + index;
    new openstack.networking.SecGroupRule(`rule-${index}`, {
      ...{ securityGroupId: group.id, direction: "ingress", ethertype: "IPv4", protocol: "tcp" },
      ...{ portRangeMin: port, portRangeMax: port, remoteIpPrefix: "0.0.0.0/0" },
    });
  }
  for (let index = 0; index < servers; index++) {
    const own = `${name}-${index}`;
    const port = new openstack.networking.Port(
      `port-${index}`,
      { name: own, networkId: network.id, fixedIps: [{ subnetId: subnet.id }], securityGroupIds: [group.id] },
      { dependsOn: connected },
    );
    const server = new openstack.compute.Instance(`server-${index}`, {
      ...{ name: own, imageName: "lab-empty", flavorName: "lab.none", networks: [{ port: port.id }] },
      metadata: { round: String(round) },
    });
    const volume = new openstack.blockstorage.Volume(`volume-${index}`, {
      name: own,
      size: round,
      enableOnlineResize: true,
    });
    new openstack.compute.VolumeAttach(`attachment-${index}`, { instanceId: server.id, volumeId: volume.id });
  }
  const address = new openstack.networking.FloatingIp("address", { pool: "public" }, { dependsOn: connected });
  new openstack.networking.FloatingIp("spare", { pool: "public", description: `round ${round}` });
  pulumi.output(address.address);
}
