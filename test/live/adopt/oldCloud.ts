/** A hub of Callysto as its Terraform module made it: booted on a network by name, its port the cloud's own work. */
import { eventually, type openstackApi, type Row } from "../../../lab/harness/cloud.ts";

type Api = ReturnType<typeof openstackApi>;

/** Ids of what was made, by what it is. */
export type OldHub = Readonly<Record<string, string>>;

const world = { IPv4: "0.0.0.0/0", IPv6: "::/0" } as const;

/** Makes one; servers of its flavour have no machine. */
export async function makeOldHub(api: Api, host: string, zone: string, publicKey: string): Promise<OldHub> {
  const [label = ""] = host.split(".");
  const named = async (service: "compute" | "network" | "image", path: string, name: string): Promise<string> => {
    const row = (await api.list(service, path)).find((one) => one.name === name);
    if (row === undefined) throw new Error(`the lab has no ${name}`);
    return row.id;
  };
  await api.post("compute", "/os-keypairs", { keypair: { name: label, public_key: publicKey } });
  const group = await api.post("network", "/security-groups", { security_group: { name: host } });
  for (const [ethertype, remote_ip_prefix] of Object.entries(world)) {
    const common = { security_group_id: group.id, direction: "ingress", ethertype, remote_ip_prefix };
    for (const port of [22, 80, 443]) {
      const rule = { ...common, protocol: "tcp", port_range_min: port, port_range_max: port };
      await api.post("network", "/security-group-rules", { security_group_rule: rule });
    }
    // As the module had it: the protocol is `icmp` for both, and no range stands for the world.
    const ping = { ...common, protocol: "icmp", remote_ip_prefix: null };
    await api.post("network", "/security-group-rules", { security_group_rule: ping });
  }
  const server = await api.post("compute", "/servers", {
    server: {
      name: host,
      flavorRef: await named("compute", "/flavors", "lab.none"),
      imageRef: await named("image", "/images", "lab-empty"),
      key_name: label,
      networks: [{ uuid: await named("network", "/networks", "default") }],
      security_groups: [{ name: host }],
      user_data: Buffer.from("#cloud-config\n").toString("base64"),
    },
  });
  await becomes(api, "compute", `/servers/${server.id}`, "ACTIVE");
  const volumes: string[] = [];
  for (const suffix of ["zfs-01", "zfs-02"]) {
    const volume = await api.post("volume", "/volumes", { volume: { name: `${host}-${suffix}`, size: 1 } });
    await becomes(api, "volume", `/volumes/${volume.id}`, "available");
    const attachments = `/servers/${server.id}/os-volume_attachments`;
    await api.post("compute", attachments, { volumeAttachment: { volumeId: volume.id } });
    await becomes(api, "volume", `/volumes/${volume.id}`, "in-use");
    volumes.push(volume.id);
  }
  const [port] = await api.list("network", `/ports?device_id=${server.id}`);
  const floating_network_id = await named("network", "/networks", "public");
  const floatingip = { floating_network_id, port_id: port?.id };
  const address = await api.post("network", "/floatingips", { floatingip });
  const { id: zoneId } = await api.post("dns", "/zones", { name: `${zone}.`, email: "sysadmin@callysto.ca", ttl: 60 });
  const fixed = (port?.fixed_ips ?? []) as { ip_address: string }[];
  const ipv6 = fixed.map(({ ip_address }) => ip_address).find((one) => one.includes(":")) ?? "";
  const records = { A: [String(address.floating_ip_address)], AAAA: [ipv6] };
  const made: Record<string, string> = {};
  for (const [type, values] of Object.entries(records)) {
    const record = { name: `${host}.`, type, ttl: 60, records: values };
    made[type] = (await api.post("dns", `/zones/${zoneId}/recordsets`, record)).id;
  }
  await becomes(api, "dns", `/zones/${zoneId}`, "ACTIVE");
  const [first = "", second = ""] = volumes;
  return {
    ...{ Instance: server.id, Port: port?.id ?? "", SecGroup: group.id, FloatingIp: address.id, Zone: zoneId },
    ...{ "zfs-01": first, "zfs-02": second, A: made.A ?? "", AAAA: made.AAAA ?? "" },
  };
}

function becomes(api: Api, service: Parameters<Api["get"]>[0], path: string, status: string): Promise<Row> {
  return eventually(
    `${service} ${path} ${status}`,
    () => api.get(service, path),
    (row) => row.status === status,
  );
}

/** Removes whatever is left of it. */
export async function removeOldHub(api: Api, host: string, zone: string): Promise<void> {
  const left = async (
    service: Parameters<Api["list"]>[0],
    path: string,
    ours: (row: Row) => boolean,
  ): Promise<void> => {
    for (const { id } of (await api.list(service, path)).filter(ours)) {
      await api.delete(service, `${path}/${id}`);
      await eventually(
        `the end of ${path}/${id}`,
        () => api.exists(service, `${path}/${id}`),
        (there) => !there,
      );
    }
  };
  await left("compute", "/servers", ({ name }) => name === host);
  await left("volume", "/volumes", ({ name }) => name.startsWith(`${host}-`));
  await left("network", "/floatingips", () => true);
  await left("network", "/security-groups", ({ name }) => name === host);
  await left("dns", "/zones", ({ name }) => name === `${zone}.`);
  const keypair = `/os-keypairs/${host.split(".")[0] ?? ""}`;
  if (await api.exists("compute", keypair)) await api.delete("compute", keypair);
}
