/** What a live test makes in the lab's OpenStack by its API, and removes again. */
import assert from "node:assert/strict";
import { eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";
import { type Key, ssh } from "./ssh.ts";

export const api = openstackApi(lab);

/** Seconds for an emulated machine while other work runs: many times what it takes alone. */
export const bootTimeout = 240;

type Service = "compute" | "network" | "volume" | "image";

/** Removes something, and waits until it is gone. */
export async function remove(service: Service, path: string): Promise<void> {
  if (!(await api.exists(service, path))) return;
  await api.delete(service, path);
  await eventually(
    `deletion of ${path}`,
    () => api.exists(service, path),
    (there) => !there,
  );
}

/** ID of what has this name. */
export async function idOf(service: Service, path: string, wanted: string): Promise<string> {
  const row = (await api.list(service, path)).find((each) => each.name === wanted);
  assert.ok(row, `${path} has nothing called "${wanted}"`);
  return row.id;
}

/** Waits for a status. @throws if it is ERROR */
export function becomes(service: Service, path: string, status: string): Promise<Row> {
  return eventually(
    `${path} ${status}`,
    () => api.get(service, path),
    (row) => {
      assert.notEqual(row.status.toUpperCase(), "ERROR", JSON.stringify(row));
      return row.status === status;
    },
    bootTimeout,
  );
}

/** Waits until a machine answers SSH. @returns since when it runs */
export function answers(key: Key, floating: string): Promise<string> {
  return eventually(
    `SSH to ${floating}`,
    () => ssh(key, floating, "cloud-init status; uptime -s").catch((error: unknown) => String(error)),
    (seen) => seen.startsWith("status:"),
    bootTimeout,
  );
}

/** Everything that one test makes. */
export class Made {
  readonly #made: [service: Service, path: string][] = [];

  async make(service: Service, path: string, body: unknown): Promise<Row> {
    const row = await api.post(service, path, body);
    this.alsoRemove(service, `${path}/${row.id}`);
    return row;
  }

  /** Lets {@link removeAll} remove what something else made. */
  alsoRemove(service: Service, path: string): void {
    this.#made.unshift([service, path]);
  }

  /** Removes it, the last first. */
  async removeAll(): Promise<void> {
    for (const [service, where] of this.#made) await remove(service, where);
  }

  /** A rule for incoming TCP over IPv4, where `more` says nothing else. */
  rule(group: Row, more: object): Promise<Row> {
    const common = { security_group_id: group.id, direction: "ingress", protocol: "tcp", ethertype: "IPv4" };
    return this.make("network", "/security-group-rules", { security_group_rule: { ...common, ...more } });
  }

  /** A port in the default network, and the floating IP that leads to it. */
  async reachablePort(name: string, group: Row): Promise<{ port: Row; floating: string }> {
    const network = await idOf("network", "/networks", "default");
    const body = { port: { name, network_id: network, security_groups: [group.id] } };
    const port = await this.make("network", "/ports", body);
    const floatingip = { floating_network_id: await idOf("network", "/networks", "public"), port_id: port.id };
    const { floating_ip_address: floating } = await this.make("network", "/floatingips", { floatingip });
    return { port, floating: String(floating) };
  }

  /** A machine whose user ptty2u may do everything. */
  async boot(name: string, port: Row, key: Key): Promise<Row> {
    const userData = `#cloud-config
users:
  - name: ptty2u
    sudo: ALL=(ALL) NOPASSWD:ALL
    shell: /bin/bash
    ssh_authorized_keys: ["${key.publicKey}"]
`;
    const request = {
      name,
      flavorRef: await idOf("compute", "/flavors", "m1.small"),
      imageRef: await idOf("image", "/images", "debian-12"),
      networks: [{ port: port.id }],
      user_data: Buffer.from(userData).toString("base64"),
    };
    const server = await this.make("compute", "/servers", { server: request });
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    return server;
  }
}

/** Gives a port a QoS policy with one rule while `use` runs. */
export async function withPolicy(
  port: Row,
  kind: "bandwidth_limit" | "dscp_marking",
  rule: object,
  use: () => Promise<void>,
): Promise<void> {
  const admin = openstackApi(lab, "admin");
  const policy = await admin.post("network", "/qos/policies", { policy: { name: `${kind} of ${port.id}` } });
  const give = (id: string | null): Promise<Row> =>
    admin.put("network", `/ports/${port.id}`, { port: { qos_policy_id: id } });
  try {
    await admin.post("network", `/qos/policies/${policy.id}/${kind}_rules`, { [`${kind}_rule`]: rule });
    await give(policy.id);
    await use();
  } finally {
    await give(null);
    await admin.delete("network", `/qos/policies/${policy.id}`);
  }
}
