/** The first process of a node: it makes the node's view of the machine and ends with everything that runs in the node. */
import { statSync } from "node:fs";
import path from "node:path";
import type { Daemon } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import { groupFolders, mountedHierarchies, unified } from "./groups.ts";
import type { RealNode } from "./plan.ts";

/** Name of a node's control group below the root of each hierarchy. */
export const groupName = (node: RealNode): string => node.netns;

/** Written when the node's namespaces and mounts are complete. */
export const readyFile = (lab: LabSettings, node: RealNode): string => path.join(lab.dir, "run", `${node.name}.ready`);

/** Milliseconds since 1970 at which the node last started; 0 for one that never did. */
export const startOf = (lab: LabSettings, node: RealNode): number =>
  statSync(readyFile(lab, node), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * Values of the whole machine that the kubelet sets if they are different. In the node files with these values are mounted over
 * them, so that the machine keeps its own.
 */
const sysctls = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** The daemon of the node itself: when it ends, the kernel kills all processes of the node and removes its mounts. */
export function firstProcess(lab: LabSettings, node: RealNode): Daemon {
  // The group is entered before the namespace of groups is made: it is what the node sees as the root.
  const join = groupFolders(groupName(node)).map((folder) => `echo $$ >'${folder}/cgroup.procs'`);
  const namespaces = ["--mount", "--cgroup", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const script = [...join, 'exec "$@"'].join(" && ");
  const command = ["nsenter", `--net=/run/netns/${node.netns}`, "unshare", ...namespaces, "--propagation", "private"];
  return {
    name: node.name,
    command: "sh",
    args: ["-c", script, "sh", ...command, "sh", "-euc", setUp(lab, node)],
  };
}

function setUp(lab: LabSettings, node: RealNode): string {
  const data = (name: string): string => quote(path.join(node.data, name));
  return `
# What pods mount is shared within the node, and nothing leaves it.
mount --make-rshared /
umount -l -R /sys # else the machine's own groups could be seen
mount -t sysfs sysfs /sys
${mountGroups()}
resolver=$(readlink -f /etc/resolv.conf || echo /etc/resolv.conf)
umount -l -R /run/netns 2>/dev/null || true # namespaces of other labs must not be kept alive
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind ${data("log")} /var/log
# The network plugins' cache and the kubelet's sockets have fixed paths in /var/lib; they land in the lab's folder.
mount -t overlay -o lowerdir=/var/lib,upperdir=${data("lib")},workdir=${data("lib-work")} overlay /var/lib
mkdir -p "$(dirname "$resolver")"
[ -e "$resolver" ] || : >"$resolver"
mount --bind ${quote(path.join(node.etc, "resolv.conf"))} "$resolver"
mkdir /run/sysctl
${Object.entries(sysctls).map(sysctl).join("\n")}
# Pods with users of their own may mount /proc only where one without mounts on it exists.
mkdir /run/proc
mount -t proc proc /run/proc
hostname ${node.name}
: >${quote(readyFile(lab, node))}
while :; do sleep 1000; done`;
}

function sysctl([name, value]: [string, number]): string {
  const file = `/run/sysctl/${path.basename(name)}`;
  return `[ ! -e /proc/sys/${name} ] || { echo ${value} >${file}; mount --bind ${file} /proc/sys/${name}; }`;
}

/** Mounts the hierarchies again: the node's own group becomes their root. */
function mountGroups(): string {
  const all = mountedHierarchies();
  if (unified(all)) return "mount -t cgroup2 cgroup2 /sys/fs/cgroup";
  const one = all.map(({ version, mount, options }) => {
    const folder = `/sys/fs/cgroup/${path.basename(mount)}`;
    const type = version === 2 ? "-t cgroup2 cgroup2" : `-t cgroup -o ${options} cgroup`;
    return `mkdir ${folder}\nmount ${type} ${folder}`;
  });
  return ["mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup", ...one].join("\n");
}

/** A word for the shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
