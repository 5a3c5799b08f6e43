/** What real nodes require of the machine, tried out before anything starts. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Log } from "../../component.ts";
import { installPackages } from "../../openstack/packages.ts";
import { missingControllers, mountedHierarchies } from "./groups.ts";

/** A kernel feature, and a shell command that succeeds where it works; run in mount and network namespaces that end with it. */
interface Feature {
  readonly name: string;
  /** Without this program, which {@link requireFeatures} installs, nothing can be said. */
  readonly tool: string;
  readonly test: string;
}

/** Packages of these programs, which nodes call, too. */
export const probePackages = ["iproute2", "mount", "nftables", "util-linux"] as const;

const features: readonly Feature[] = [
  {
    name: "pid, uts, ipc and cgroup namespaces",
    tool: "unshare",
    test: "unshare --pid --uts --ipc --cgroup --fork true",
  },
  {
    name: "overlayfs (CONFIG_OVERLAY_FS)",
    tool: "mount",
    test: `mount -t tmpfs tmpfs /mnt && mkdir /mnt/a /mnt/b /mnt/c /mnt/d &&
      mount -t overlay -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c overlay /mnt/d`,
  },
  { name: "veth (CONFIG_VETH)", tool: "ip", test: "ip link add test0 type veth peer name test1" },
  { name: "bridges (CONFIG_BRIDGE)", tool: "ip", test: "ip link add test0 type bridge" },
  {
    name: "nftables with NAT, connection tracking and fib (CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_CT, CONFIG_NFT_FIB_INET)",
    tool: "nft",
    test: `nft -f - <<END
table ip t {
  chain a { type nat hook postrouting priority 100; meta l4proto tcp masquerade; }
  chain b { type nat hook prerouting priority -100; fib daddr type local tcp dport 9 dnat to 192.0.2.1:9; }
  chain c { type filter hook forward priority 0; ct state established accept; numgen random mod 2 vmap { 0 : accept }; }
}
END`,
  },
];

const tried = ({ tool }: Feature): boolean =>
  spawnSync("sh", ["-c", 'command -v "$1"', "sh", tool], { stdio: "ignore" }).status === 0;

/** Names of the features that cannot be tried before the first start installs their programs. */
export const untriedFeatures = (): string[] => features.filter((one) => !tried(one)).map(({ name }) => name);

/** Names of the features that this machine lacks, of those that can be tried; empty if real nodes can run. */
export function missingFeatures(): string[] {
  if (process.getuid?.() !== 0) return ["root (the nodes are made of namespaces, mounts and network links)"];
  const lacking = features
    .filter(tried)
    .filter(
      ({ test }) => spawnSync("unshare", ["--mount", "--net", "sh", "-c", test], { stdio: "ignore" }).status !== 0,
    );
  const groups = missingControllers(mountedHierarchies());
  const seccomp = /^Seccomp:/m.test(readFileSync("/proc/self/status", "utf8"));
  return [
    ...lacking.map(({ name }) => name),
    ...(groups.length === 0 ? [] : [`control groups for ${groups.join(", ")}`]),
    ...(seccomp ? [] : ["seccomp (CONFIG_SECCOMP_FILTER)"]),
    ...(existsSync("/proc/sys/net/ipv4/ip_forward") ? [] : ["IPv4 forwarding"]),
  ];
}

/** Tries all features out before anything starts, with the programs that it takes. @throws naming the missing ones */
export async function requireFeatures(log: Log): Promise<void> {
  if (process.getuid?.() === 0) await installPackages(probePackages, log);
  assertFeatures();
}

/** @throws naming the missing features and the way without them */
export function assertFeatures(missing = missingFeatures()): void {
  if (missing.length === 0) return;
  const list = missing.map((name) => `  ${name}\n`).join("");
  throw new Error(
    `the lab's nodes cannot run containers on this machine, which lacks\n${list}--fake-nodes simulates them: npm start -- --fake-nodes`,
  );
}
