/** A load balancer before a machine: its members are two ports of one machine, each with a server of its own. */
import assert from "node:assert/strict";
import { eventually, type Row } from "../../lab/harness/cloud.ts";
import { api, idOf, type Made, remove } from "./made.ts";
import { type Key, probe, ssh } from "./ssh.ts";

/** The machine behind it, and what opens its ports. */
export interface Behind {
  readonly name: string;
  readonly key: Key;
  readonly made: Made;
  readonly port: Row;
  readonly group: Row;
  /** Runs a command in the machine. */
  readonly inside: (command: string) => Promise<string>;
}

const front = 2022;
/** SSH's own port, and the one of a second server. */
const members = [22, 8022] as const;

/** Makes it with a floating IP, shows that both members answer, then one of them alone, and removes it. */
export async function showBalancing({ name, key, made, port, group, inside }: Behind): Promise<void> {
  const vip_subnet_id = await idOf("network", "/subnets", "default-v4");
  const balancer = await api.post("balancer", "/loadbalancers", { loadbalancer: { name, vip_subnet_id } });
  const ready = (): Promise<Row> =>
    eventually(
      "the load balancer",
      () => api.get("balancer", `/loadbalancers/${balancer.id}`),
      (row) => row.provisioning_status === "ACTIVE",
    );
  const add = async (path: string, body: object): Promise<string> => {
    await ready();
    return (await api.post("balancer", path, body)).id;
  };
  try {
    await inside(`sudo /usr/sbin/sshd -p ${members[1]}`);
    const opened = await made.rule(group, { port_range_min: members[1], port_range_max: members[1] });
    const listener = { name, protocol: "TCP", protocol_port: front, loadbalancer_id: balancer.id };
    const listener_id = await add("/listeners", { listener });
    const pool = `/pools/${await add("/pools", { pool: { name, protocol: "TCP", lb_algorithm: "SOURCE_IP_PORT", listener_id } })}`;
    const address = (port.fixed_ips as { ip_address: string; subnet_id: string }[]).find(
      ({ subnet_id }) => subnet_id === vip_subnet_id,
    )?.ip_address;
    const ids: string[] = [];
    for (const protocol_port of members) {
      ids.push(await add(`${pool}/members`, { member: { address, protocol_port, subnet_id: vip_subnet_id } }));
    }
    const { vip_port_id } = await ready();
    const floatingip = { floating_network_id: await idOf("network", "/networks", "public"), port_id: vip_port_id };
    const outside = await made.make("network", "/floatingips", { floatingip });
    const at = String(outside.floating_ip_address);
    await eventually(
      "the load balancer's port",
      () => probe(at, front),
      (state) => state === "open",
      20,
    );
    assert.equal(await ssh(key, at, "hostname", 60, front), name);
    assert.deepEqual(await answering(key, at), [...members]);
    await api.delete("balancer", `${pool}/members/${ids[1]}`);
    await eventually(
      "the end of the second member",
      () => answering(key, at),
      (seen) => seen.length === 1 && seen[0] === members[0],
    );
    assert.equal(await probe(at, 22), "filtered");
    await remove("network", `/floatingips/${outside.id}`);
    await remove("network", `/security-group-rules/${opened.id}`);
  } finally {
    await api.delete("balancer", `/loadbalancers/${balancer.id}?cascade=true`);
  }
}

/** Ports of the servers that four connections reached; the lab gives them to the members in turn. */
async function answering(key: Key, address: string): Promise<number[]> {
  const seen = new Set<number>();
  for (let one = 1; one <= 4; one++) {
    seen.add(Number((await ssh(key, address, "echo $SSH_CONNECTION", 60, front)).split(" ").at(-1)));
  }
  return [...seen].sort((a, b) => a - b);
}
