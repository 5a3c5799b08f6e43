/** The life of a small stack in the lab's OpenStack, by its own APIs; servers have no machine behind them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, it } from "mocha";
import { openstack } from "../../lab/openstack/openstack.ts";
import { dig, eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";

const api = openstackApi(lab);
const suffix = randomBytes(4).toString("hex");
const domain = `smoke-${suffix}.test`;
const host = `hub-ci.${domain}`;

/** What the tests make, each removed after them whatever happened; the last made goes first. */
const made: (() => Promise<void>)[] = [];
const remove = (service: Parameters<typeof api.delete>[0], path: string): void => {
  made.unshift(async () => {
    if (!(await api.exists(service, path))) return;
    await api.delete(service, path);
    await eventually(
      `deletion of ${service} ${path}`,
      () => api.exists(service, path),
      (there) => !there,
    );
  });
};

const named = async (service: "compute" | "network" | "image" | "volume", path: string, name: string): Promise<Row> => {
  const row = (await api.list(service, path)).find((each) => each.name === name);
  assert.ok(row, `${service} ${path} has nothing called "${name}"`);
  return row;
};
const becomes = (service: Parameters<typeof api.get>[0], path: string, status: string): Promise<Row> =>
  eventually(
    `${service} ${path} ${status}`,
    () => api.get(service, path),
    (row) => {
      assert.notEqual(row.status.toUpperCase(), "ERROR", JSON.stringify(row));
      return row.status === status;
    },
  );

describe("the lab's OpenStack", () => {
  let port: Row, server: Row, address: Row, volume: Row, zone: Row;

  after(async () => {
    for (const step of made) await step();
  });

  it("every OpenStack service is healthy", async () => {
    const bad = (await openstack.health(lab)).filter((row) => !row.healthy);
    assert.deepEqual(bad, []);
  });

  it("flavours, image, volume types and networks are those of a real cloud", async () => {
    const flavors = await api.list("compute", "/flavors/detail");
    const sizes = new Map(
      flavors.map((row) => [row.name, [row.vcpus, row.ram, row.disk, row["OS-FLV-EXT-DATA:ephemeral"]]]),
    );
    assert.deepEqual(sizes.get("m1.40g100g8c32g"), [8, 32768, 40, 100]);
    assert.deepEqual(sizes.get("m1.large"), [4, 8192, 80, 0]);
    assert.deepEqual(flavors.find((row) => row.name === "lab.none")?.extra_specs, { "orrery:machine": "none" });
    assert.equal((await named("image", "/images", "lab-empty")).size, 65536);
    assert.deepEqual(
      (await api.list("volume", "/types"))
        .map((row) => row.name)
        .filter((name) => name !== "__DEFAULT__")
        .sort(),
      ["ssd", "standard"],
    );
    assert.equal((await named("network", "/networks", "public"))["router:external"], true);
    const network = await named("network", "/networks", "default");
    assert.equal(network.mtu, 1500);
    const subnets = await api.list("network", `/subnets?network_id=${network.id}`);
    assert.deepEqual(subnets.map((row) => row.ip_version).sort(), [4, 6]);
  });

  it("Neutron makes twenty networks at once, each as its own request asked", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `at-once-${suffix}-${at}`);
    const networks = await Promise.all(names.map((name) => api.post("network", "/networks", { network: { name } })));
    for (const { id } of networks) remove("network", `/networks/${id}`);
    assert.deepEqual(
      networks.map(({ name }) => name),
      names,
    );
    assert.equal(new Set(networks.map(({ id }) => id)).size, names.length);
  });

  it("a dual-stack port is bound with a security group", async () => {
    const group = await api.post("network", "/security-groups", { security_group: { name: host } });
    remove("network", `/security-groups/${group.id}`);
    const rule = {
      security_group_id: group.id,
      direction: "ingress",
      ethertype: "IPv6",
      protocol: "tcp",
      port_range_min: 22,
      port_range_max: 22,
    };
    await api.post("network", "/security-group-rules", { security_group_rule: rule });
    const network = await named("network", "/networks", "default");
    port = await api.post("network", "/ports", {
      port: { name: host, network_id: network.id, security_groups: [group.id] },
    });
    remove("network", `/ports/${port.id}`);
    const addresses = (port.fixed_ips as { ip_address: string }[]).map((each) => each.ip_address).sort();
    assert.match(addresses[0] ?? "", new RegExp(`^10\\.${lab.slot}\\.0\\.`));
    assert.match(addresses[1] ?? "", new RegExp(`^fd00:${lab.slot.toString(16)}:`));
  });

  it("a server's name is its DNS name", async () => {
    const { id: flavorRef } = await named("compute", "/flavors", "lab.none");
    const { id: imageRef } = await named("image", "/images", "lab-empty");
    const request = {
      name: host,
      flavorRef,
      imageRef,
      networks: [{ port: port.id }],
      user_data: "I2Nsb3VkLWNvbmZpZwo=",
    };
    server = await api.post("compute", "/servers", { server: request });
    remove("compute", `/servers/${server.id}`);
    server = await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    assert.equal(server.name, host);
    await becomes("network", `/ports/${port.id}`, "ACTIVE");
  });

  it("a volume is attached and detached", async () => {
    volume = await api.post("volume", "/volumes", { volume: { name: host, size: 1, volume_type: "ssd" } });
    remove("volume", `/volumes/${volume.id}`);
    await becomes("volume", `/volumes/${volume.id}`, "available");
    const attachments = `/servers/${server.id}/os-volume_attachments`;
    await api.post("compute", attachments, { volumeAttachment: { volumeId: volume.id } });
    await becomes("volume", `/volumes/${volume.id}`, "in-use");
    await api.delete("compute", `${attachments}/${volume.id}`);
    await becomes("volume", `/volumes/${volume.id}`, "available");
  });

  it("a floating IP comes from the lab's own public network", async () => {
    const { id: floating_network_id } = await named("network", "/networks", "public");
    address = await api.post("network", "/floatingips", { floatingip: { floating_network_id, port_id: port.id } });
    remove("network", `/floatingips/${address.id}`);
    address = await becomes("network", `/floatingips/${address.id}`, "ACTIVE");
    assert.match(String(address.floating_ip_address), new RegExp(`^198\\.18\\.${lab.slot}\\.`));
  });

  it("DNS queries about the lab's zones are answered", async () => {
    zone = await api.post("dns", "/zones", { name: `${domain}.`, email: "hostmaster@example.org" });
    remove("dns", `/zones/${zone.id}`);
    const records = [String(address.floating_ip_address)];
    await api.post("dns", `/zones/${zone.id}/recordsets`, { name: `${host}.`, type: "A", ttl: 60, records });
    await api.post("dns", `/zones/${zone.id}/recordsets`, {
      name: `${host}.`,
      type: "AAAA",
      ttl: 60,
      records: ["fd00::1"],
    });
    await eventually(
      "AAAA record",
      () => dig(host, "AAAA"),
      (found) => found.length > 0,
    );
    assert.deepEqual(await dig(host, "A"), [{ address: records[0], ttl: 60 }]);
  });

  it("the next page of a list in DNS is at the API's own address", async () => {
    const { links } = (await (await api.request("dns", `/zones/${zone.id}/recordsets?limit=1`)).json()) as {
      readonly links: { readonly next: string };
    };
    assert.equal(new URL(links.next).host, `127.0.0.1:${lab.ports.designate}`);
  });

  it("objects are stored", async () => {
    await api.request("object", `/${suffix}`, { method: "PUT" });
    remove("object", `/${suffix}`);
    await api.request("object", `/${suffix}/hello`, { method: "PUT", body: "good morning" });
    remove("object", `/${suffix}/hello`);
    assert.equal(await (await api.request("object", `/${suffix}/hello`)).text(), "good morning");
  });

  it("everything is kept over a restart", async () => {
    await openstack.down(lab);
    const row = (await openstack.health(lab)).find((each) => each.name === "nova");
    assert.equal(row?.healthy, false);
    await openstack.up(lab, () => undefined);
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    await becomes("network", `/ports/${port.id}`, "ACTIVE");
    await becomes("network", `/floatingips/${address.id}`, "ACTIVE");
    await becomes("volume", `/volumes/${volume.id}`, "available");
    assert.equal((await dig(host, "A")).length, 1);
    assert.equal(await (await api.request("object", `/${suffix}/hello`)).text(), "good morning");
    await api.post("compute", `/servers/${server.id}/action`, { reboot: { type: "HARD" } });
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
  });

  it("a name disappears with its zone", async () => {
    await api.delete("dns", `/zones/${zone.id}`);
    await eventually(
      "deletion of the zone",
      () => dig(host, "A"),
      (found) => found.length === 0,
    );
  });
});
