/** A guest without a machine: its own network namespace, at the end of the tap that Neutron made its rules for. */
import { execFileSync } from "node:child_process";
import { eventually, lab, openstackApi } from "../../../lab/harness/cloud.ts";
import { addresses } from "../../../lab/machines/namespace.ts";

const api = openstackApi(lab);
const namespace = `guest-${lab.firstPort}`;
const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });

/** A guest on the network `default`. The caller removes it. */
export interface Tenant {
  /** Of these addresses with their port (`192.0.2.1 22`), those that accept a TCP connection. */
  reach(all: readonly string[]): readonly string[];
  remove(): Promise<void>;
}

/** Connects the guest's namespace to a new port, as Nova would connect a machine. */
export async function openTenant(): Promise<Tenant> {
  const network = (await api.list("network", "/networks")).find(({ name }) => name === "default");
  const port = await api.post("network", "/ports", { port: { name: namespace, network_id: network?.id } });
  const tap = `tap${port.id.slice(0, 11)}`;
  const [own = ""] = (port.fixed_ips as { ip_address: string }[])
    .map(({ ip_address: address }) => address)
    .filter((address) => address.includes("."));
  const gateway = own.replace(/\.\d+$/, ".1");
  ip("netns", "add", namespace);
  ip("link", "add", tap, "netns", lab.netns, "type", "veth", "peer", "name", "eth0", "netns", namespace);
  ip("-netns", namespace, "link", "set", "eth0", "address", String(port.mac_address), "up");
  ip("-netns", namespace, "addr", "add", `${own}/24`, "dev", "eth0");
  ip("-netns", namespace, "route", "add", "default", "via", gateway);
  const reach = (all: readonly string[]): readonly string[] => {
    const args = ["netns", "exec", namespace, "/usr/bin/python3", "-c", scan, ...all];
    return ip(...args)
      .trim()
      .split("\n")
      .filter(Boolean);
  };
  const tenant: Tenant = {
    reach,
    async remove() {
      ip("netns", "delete", namespace);
      await api.delete("network", `/ports/${port.id}`);
    },
  };
  try {
    const dns = [`${addresses(lab).services} 53`];
    const answered = (): Promise<number> => Promise.resolve(reach(dns).length);
    await eventually("the guest's way to the name server", answered, (count) => count === 1, 20);
  } catch (error) {
    await tenant.remove();
    throw error;
  }
  return tenant;
}

/** Prints those of its arguments, "address port", that accept a connection. */
const scan = `
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(one):
    host, port = one.split()
    try:
        socket.create_connection((host, int(port)), 2).close()
        return True
    except OSError:
        return False
all = sys.argv[1:]
with ThreadPoolExecutor(64) as pool:
    print("\\n".join(one for one, open in zip(all, pool.map(reached, all)) if open))`;
