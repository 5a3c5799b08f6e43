/** The address families of a cluster with real nodes: IPv4, and IPv6 where the machine has it. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabSettings } from "../../settings.ts";
import { hasCluster, type RealNode } from "./plan.ts";

/** Ranges of pods and Services, IPv4's first: the same in every lab, as they exist inside its nodes only. */
const ranges = {
  pods: ["100.64.0.0/16", "fd00:6400::/48"],
  services: ["10.96.0.0/16", "fd00:9600::/112"],
} as const;

/** Of the nodes' own addresses, which exist between them only. */
const nodeRange = "fd00:6500::";

const choiceFile = (lab: LabSettings): string => path.join(lab.dir, "dual-stack");

/** Whether pods have an address of both families, and Services that ask for both. */
export const dualStack = (lab: LabSettings): boolean => existsSync(choiceFile(lab));

const familiesOf = (lab: LabSettings, all: readonly [string, string]): readonly string[] =>
  dualStack(lab) ? all : all.slice(0, 1);

/** One range (CIDR) a family. */
export const podRanges = (lab: LabSettings): readonly string[] => familiesOf(lab, ranges.pods);
export const serviceRanges = (lab: LabSettings): readonly string[] => familiesOf(lab, ranges.services);

/** Addresses of a node, IPv4's first. */
export const addressesOf = (lab: LabSettings, { address, index }: RealNode): readonly string[] =>
  familiesOf(lab, [address, `${nodeRange}${(index + 4).toString(16)}`]);

/** The bridge's address of IPv6, through which webhooks of pods are called. */
export const bridgeAddress6 = `${nodeRange}1/64`;

/** Both families as people write them. */
export const familyNames = (lab: LabSettings): string => (dualStack(lab) ? "IPv4 and IPv6" : "IPv4 only");

/**
 * Decides for a new cluster, which keeps its families until it is removed.
 * @param works - whether nodes can have IPv6
 * @throws if the cluster has IPv6 and the machine no longer does
 */
export function chooseFamilies(lab: LabSettings, works = ipv6Works()): void {
  if (!hasCluster(lab)) {
    if (works) writeFileSync(choiceFile(lab), "");
    else rmSync(choiceFile(lab), { force: true });
  } else if (dualStack(lab) && !works) {
    throw new Error(
      "this lab's cluster has IPv6, which this machine no longer does; npm run lab -- down --wipe removes the lab",
    );
  }
}

/** What kube-proxy and NetworkPolicies do with IPv6, in a network namespace that ends with the trial. */
const trial = `[ -e /proc/net/if_inet6 ] && { ! command -v ip >/dev/null || ! command -v nft >/dev/null || {
  echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  ip link set lo up
  ip -6 address add fd00::1/128 dev lo
  nft -f - <<END
table ip6 t {
  chain a { type nat hook postrouting priority 100; meta l4proto tcp masquerade; }
  chain b { type nat hook prerouting priority -100; fib daddr type local tcp dport 9 dnat to [fd00::1]:9; }
  chain c { type filter hook forward priority 0; ct state established accept; icmpv6 type nd-neighbor-solicit accept; }
}
END
} ; }`;

/** Whether nodes can have IPv6; where the tools of the trial are not installed yet, whether the kernel has it. */
export function ipv6Works(): boolean {
  return spawnSync("unshare", ["--net", "sh", "-ec", trial], { stdio: "ignore" }).status === 0;
}
