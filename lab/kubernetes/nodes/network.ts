/** The nodes' network: a bridge in a namespace of its own, one link to each node and one to the host. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { ensureNamespace, ipBatch, removeNamespace } from "../../machines/namespace.ts";
import type { LabSettings } from "../../settings.ts";
import { addressesOf, bridgeAddress6, dualStack, serviceRanges } from "./families.ts";
import { nodeNetwork, type RealNode } from "./plan.ts";

const execute = promisify(execFile);

/** Names inside the bridge's namespace. */
const bridge = "nodes";
const uplink = "uplink";
/** Name inside a node's namespace. */
const nodeLink = "eth0";

/**
 * Nodes are reached from the host; they reach nothing of it, and of this namespace the router. Frames between nodes do not pass
 * this hook, or have both names.
 */
const filter = (ingress: string): string => `
table inet orrery
delete table inet orrery
table inet orrery {
  chain forward {
    type filter hook forward priority filter
    ct state established,related accept
    iifname "${bridge}" oifname "${uplink}" drop
  }
  chain input {
    type filter hook input priority filter
    ct state established,related accept
    iifname "${bridge}" ip daddr ${ingress} tcp dport { 22, 80, 443 } accept
    iifname "${bridge}" meta l4proto != { icmp, ipv6-icmp } drop
  }
}
`;

const hasLink = async (netns: string, name: string): Promise<boolean> =>
  execute("ip", ["-netns", netns, "link", "show", name]).then(
    () => true,
    () => false,
  );

/** Creates what is missing. @throws with the kernel's error */
export async function makeNodeNetwork(lab: LabSettings, nodes: readonly RealNode[]): Promise<void> {
  const { netns, link, router, host, cidr, ingress, balanced } = nodeNetwork(lab);
  await ensureNamespace(lab, netns);
  if (!existsSync(`/sys/class/net/${link}`)) {
    await execute("ip", ["link", "add", link, "type", "veth", "peer", "name", uplink, "netns", netns]);
  }
  if (!(await hasLink(netns, bridge))) await execute("ip", ["-netns", netns, "link", "add", bridge, "type", "bridge"]);
  await ipBatch(netns, [
    "link set lo up",
    `link set ${uplink} up`,
    `link set ${bridge} up`,
    `addr replace ${router}/${cidr.split("/")[1] ?? ""} dev ${bridge}`,
    `addr replace ${ingress}/32 dev ${bridge}`,
    // Every node passes a balanced Service's calls on to its pods.
    ...nodes.slice(0, 1).map(({ address }) => `route replace ${balanced} via ${address}`),
    `addr replace ${router} peer ${host}/32 dev ${uplink}`,
  ]);
  const filtering = execute("ip", ["netns", "exec", netns, "nft", "-f", "-"]);
  filtering.child.stdin?.end(filter(ingress));
  await filtering;
  await forwardPackets(netns);
  if (dualStack(lab)) await ipBatch(netns, [`addr replace ${bridgeAddress6} dev ${bridge} nodad`]);
  await ipBatch(undefined, [
    `link set ${link} up`,
    `addr replace ${host} peer ${router}/32 dev ${link}`,
    `route replace ${cidr} via ${router} dev ${link}`,
    `route replace ${balanced} via ${router} dev ${link}`,
  ]);
  for (const node of nodes) await makeNode(lab, node);
}

async function makeNode(lab: LabSettings, node: RealNode): Promise<void> {
  const { netns, services, router, host, cidr } = nodeNetwork(lab);
  await ensureNamespace(lab, node.netns);
  if (!(await hasLink(node.netns, nodeLink))) {
    const pair = ["link", "add", node.name, "type", "veth", "peer", "name", nodeLink, "netns", node.netns];
    await execute("ip", ["-netns", netns, ...pair]);
  }
  await ipBatch(netns, [`link set ${node.name} master ${bridge} up`]);
  await ipBatch(node.netns, [
    "link set lo up",
    `link set ${nodeLink} up`,
    `addr replace ${node.address}/${cidr.split("/")[1] ?? ""} dev ${nodeLink}`,
    `addr replace ${services}/32 dev lo`,
    `route replace ${host} via ${router}`,
  ]);
  await forwardPackets(node.netns);
  const [, address6] = addressesOf(lab, node);
  await ipBatch(node.netns, [
    ...(address6 === undefined ? [] : [`addr replace ${address6}/64 dev ${nodeLink} nodad`]),
    // For pods in the node's own network: kube-proxy rewrites a packet only if there is a way for its first address.
    ...serviceRanges(lab).map((range) => `route replace ${range} dev ${nodeLink}`),
  ]);
}

/** Sends the pods' packets from node to node, and the router's to the pods. @param ranges - pod ranges (CIDR) of each node, by its name */
export async function routePods(
  lab: LabSettings,
  nodes: readonly RealNode[],
  ranges: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const ways = (node: RealNode): string[] =>
    addressesOf(lab, node).map(
      (address, family) => `route replace ${ranges.get(node.name)?.[family] ?? ""} via ${address}`,
    );
  await ipBatch(nodeNetwork(lab).netns, nodes.flatMap(ways));
  for (const node of nodes) {
    const others = nodes.filter((other) => other !== node);
    if (others.length > 0) await ipBatch(node.netns, others.flatMap(ways));
  }
}

/** Removes all links and namespaces; their rules and routes go with them. */
export async function removeNodeNetwork(lab: LabSettings, nodes: readonly RealNode[]): Promise<void> {
  const { netns, link } = nodeNetwork(lab);
  for (const node of nodes) await removeNamespace(lab, node.netns);
  await removeNamespace(lab, netns, link);
}

/** Of both families; IPv6's addresses are at once in use, without asking whether somebody has them. */
const forwarding = `echo 1 >/proc/sys/net/ipv4/ip_forward
cd /proc/sys/net/ipv6/conf 2>/dev/null || exit 0
for one in all default; do
  echo 0 >$one/disable_ipv6
  echo 0 >$one/accept_dad
done
echo 1 >all/forwarding`;

async function forwardPackets(netns: string): Promise<void> {
  await execute("ip", ["netns", "exec", netns, "sh", "-ec", forwarding]);
}
