/** A trunk on the wire: a machine with one card is in two networks, the second by a VLAN. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "mocha";
import { eventually, type Row } from "../../lab/harness/cloud.ts";
import { answers, api, becomes, bootTimeout, idOf, Made, remove } from "./made.ts";
import { type Key, makeKey, probe, ssh } from "./ssh.ts";

const made = new Made();
const name = `trunk-${randomBytes(4).toString("hex")}`;
const tag = 7;
const gateway = "10.77.0.1";
const addressOf = (port: Row): string =>
  (port.fixed_ips as { ip_address: string }[]).map((each) => each.ip_address).find((each) => each.includes(".")) ?? "";

describe("a trunk of a machine", function () {
  this.timeout((bootTimeout + 60) * 1000);
  let key: Key, trunk: Row, child: Row, outside: Row;
  let [first, second] = ["", ""];
  let leaveRouter: () => Promise<unknown> = () => Promise.resolve();

  before(async () => {
    key = makeKey();
    const group = await made.make("network", "/security-groups", { security_group: { name } });
    await made.rule(group, { port_range_min: 22, port_range_max: 22 });
    const parent = await made.reachablePort(name, group);
    first = parent.floating;
    const network = await made.make("network", "/networks", { network: { name } });
    const subnet = { name, network_id: network.id, ip_version: 4, cidr: "10.77.0.0/24", gateway_ip: gateway };
    const { id: subnet_id } = await made.make("network", "/subnets", { subnet });
    const router = await idOf("network", "/routers", "default");
    await api.put("network", `/routers/${router}/add_router_interface`, { subnet_id });
    leaveRouter = () => api.put("network", `/routers/${router}/remove_router_interface`, { subnet_id });
    const port = { name: `${name}-child`, network_id: network.id, security_groups: [group.id] };
    child = await made.make("network", "/ports", { port });
    const floatingip = { floating_network_id: await idOf("network", "/networks", "public"), port_id: child.id };
    outside = await made.make("network", "/floatingips", { floatingip });
    second = String(outside.floating_ip_address);
    trunk = await made.make("network", "/trunks", { trunk: { name, port_id: parent.port.id } });
    await made.boot(name, parent.port, key);
    await answers(key, first);
  });

  after(async () => {
    await api.put("network", `/trunks/${trunk.id}/remove_subports`, { sub_ports: [{ port_id: child.id }] });
    await remove("network", `/floatingips/${outside.id}`);
    await leaveRouter();
    await made.removeAll();
    key.remove();
  });

  /** Gives the machine the child's VLAN, as its operating system would configure it. */
  const configure = (): Promise<string> =>
    ssh(
      key,
      first,
      `sudo sh -ec '
        ip link add link eth0 name child address ${String(child.mac_address)} type vlan id ${tag}
        ip addr add ${addressOf(child)}/24 dev child
        ip link set child up
        ip route add default via ${gateway} table 77
        ip rule add from ${addressOf(child)} lookup 77'`,
    );
  const open = (): Promise<string> => probe(second, 22);

  it("a subport that is added to a running machine's trunk becomes ACTIVE, and carries what the VLAN carries", async () => {
    const sub_ports = [{ port_id: child.id, segmentation_type: "vlan", segmentation_id: tag }];
    await api.put("network", `/trunks/${trunk.id}/add_subports`, { sub_ports });
    await becomes("network", `/ports/${child.id}`, "ACTIVE");
    assert.equal(await open(), "filtered", "the machine does not know the VLAN yet");
    await configure();
    await eventually("SSH by the VLAN", open, (state) => state === "open", 20);
    assert.equal(await ssh(key, second, "hostname"), name);
  });

  it("large transfers pass in both directions, cut into packets by the machine's card", async () => {
    const sum = "head -c 4000000 /dev/zero | sha256sum";
    const arrived = await ssh(key, second, "head -c 4000000 /dev/zero | base64 -w0 | base64 -d | sha256sum");
    assert.equal(arrived, await ssh(key, first, sum));
    const ping = "sudo ping -c 3 -W 5 -s 1400 -M do -I child 10.77.0.1 | grep -o '[0-9] received'";
    assert.equal(await ssh(key, first, ping), "3 received");
  });

  it("another VLAN, and the port's address without a VLAN, reach nothing", async () => {
    const pings = (device: string): string =>
      `sudo ping -c 1 -W 2 -I ${device} ${gateway} >/dev/null 2>&1 && echo answered || echo nothing`;
    const other = `
      sudo ip link add link eth0 name other address ${String(child.mac_address)} type vlan id ${tag + 1}
      sudo ip addr add ${addressOf(child)}/24 dev other
      sudo ip link set other up
      ${pings("other")}
      sudo ip link del other`;
    assert.equal(await ssh(key, first, other), "nothing");
    assert.equal(await ssh(key, first, pings("child")), "answered");
  });

  it("a subport that is removed carries nothing more, and the machine stays reachable", async () => {
    await api.put("network", `/trunks/${trunk.id}/remove_subports`, { sub_ports: [{ port_id: child.id }] });
    await eventually("the end of the way by the VLAN", open, (state) => state !== "open", 20);
    assert.equal(await ssh(key, first, "hostname"), name);
    const sub_ports = [{ port_id: child.id, segmentation_type: "vlan", segmentation_id: tag }];
    await api.put("network", `/trunks/${trunk.id}/add_subports`, { sub_ports });
    await eventually("SSH by the VLAN again", open, (state) => state === "open", 30);
  });
});
