/** The control groups of the nodes: one below the root of each hierarchy, for version 1 and version 2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A mounted hierarchy of control groups. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mount: string;
  /** Version 1: its controllers and, if it has one, its name, as mount options: "cpu", "cpu,cpuacct", "none,name=systemd". */
  readonly options: string;
}

/** The controllers that a kubelet limits and measures containers with. */
const required = ["cpu", "cpuset", "memory", "pids"];
const required1 = [...required, "cpuacct", "devices", "freezer"];

/** What is no controller in the mount options of version 1. */
const general = /^(rw|ro|nosuid|nodev|noexec|relatime|noatime|xattr|noprefix|clone_children|release_agent=.*)$/;

/** Hierarchies in the text of /proc/mounts. Next to those of version 1, version 2 is one more hierarchy. */
export function hierarchies(mounts: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of mounts.split("\n")) {
    const [, mount = "", type, options = ""] = line.split(" ");
    if (type === "cgroup2") found.set("", { version: 2, mount, options: "" });
    if (type !== "cgroup") continue;
    const controllers = options.split(",").filter((option) => !general.test(option));
    const unnamed = controllers.every((option) => option.startsWith("name="));
    const own = [...(unnamed ? ["none"] : []), ...controllers].join(",");
    if (!found.has(own)) found.set(own, { version: 1, mount, options: own });
  }
  return [...found.values()];
}

export const mountedHierarchies = (): Hierarchy[] => hierarchies(readFileSync("/proc/mounts", "utf8"));

/** Whether all limits are in version 2. */
export const unified = (all: readonly Hierarchy[]): boolean => all.every(({ version }) => version === 2);

/** Controllers that no hierarchy has. */
export function missingControllers(all: readonly Hierarchy[]): string[] {
  if (all.length === 0) return required;
  if (!unified(all)) {
    const offered = all.flatMap(({ options }) => options.split(","));
    return required1.filter((name) => !offered.includes(name));
  }
  const offered = readFileSync(path.join(all[0]?.mount ?? "", "cgroup.controllers"), "utf8")
    .trim()
    .split(" ");
  return required.filter((name) => !offered.includes(name));
}

/** Folders of the group `name`, one a hierarchy. */
export function groupFolders(name: string, all = mountedHierarchies()): string[] {
  return all.map(({ mount }) => path.join(mount, name));
}

/**
 * Folders whose cgroup.procs a node's daemon enters. In version 2 only leaves have processes, so daemons have a leaf of their own.
 */
export function daemonFolders(name: string, all = mountedHierarchies()): string[] {
  return unified(all) ? groupFolders(path.join(name, "daemons"), all) : groupFolders(name, all);
}

/** Bytes for what is in no node: OpenStack 1.6 GB, a guest up to 2, the control plane 0.6, and Pulumi, whose engine takes the rest. */
const reserve = 5e9;

/** Bytes of memory that this machine has, or the container that this runs in. */
function machineMemory(): number {
  const limit = process.constrainedMemory(); // 0, or more than there is, without a limit
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Bytes that the processes of one node may take together: the machine's memory less the reserve, and half of it on a small machine. */
export const nodeMemory = (machine = machineMemory()): number => Math.max(machine - reserve, machine / 2);

/** Version 1, version 2. */
const memoryFiles = ["memory.limit_in_bytes", "memory.max"];

/** Creates the groups; those that exist are kept. @param memory - limit in bytes, also of a group that exists */
export function makeGroups(name: string, memory = nodeMemory()): void {
  const all = mountedHierarchies();
  for (const { mount, version } of all) {
    const folder = path.join(mount, name);
    if (version === 2 && unified(all)) enable(mount);
    mkdirSync(folder, { recursive: true });
    if (version === 2 && unified(all)) mkdirSync(path.join(folder, "daemons"), { recursive: true });
    // Version 1 refuses processes until both are set.
    for (const file of ["cpuset.cpus", "cpuset.mems"].filter(
      (file) => version === 1 && existsSync(path.join(folder, file)),
    )) {
      writeFileSync(path.join(folder, file), readFileSync(path.join(mount, file)));
    }
    for (const file of memoryFiles.map((one) => path.join(folder, one)).filter((one) => existsSync(one))) {
      writeFileSync(file, String(Math.floor(memory)));
    }
  }
}

/** Version 2: moves the node's first processes to the daemons' leaf, so that the node's group may have groups with limits. */
export function leaveRoot(name: string): void {
  const all = mountedHierarchies();
  if (!unified(all)) return;
  for (const folder of groupFolders(name, all)) {
    const pids = readFileSync(path.join(folder, "cgroup.procs"), "utf8").trim().split("\n").filter(Boolean);
    for (const pid of pids) writeFileSync(path.join(folder, "daemons", "cgroup.procs"), pid);
    enable(folder);
  }
}

/** Lets the groups below use all controllers. */
function enable(folder: string): void {
  const offered = readFileSync(path.join(folder, "cgroup.controllers"), "utf8").trim().split(" ").filter(Boolean);
  try {
    writeFileSync(path.join(folder, "cgroup.subtree_control"), offered.map((name) => `+${name}`).join(" "));
  } catch (error) {
    throw new Error(
      `control groups below ${folder} cannot have limits (${String(error)}); run the lab outside a container`,
      {
        cause: error,
      },
    );
  }
}

/** Removes the groups. A process that was killed keeps its group for a moment. @throws naming one that has processes */
export async function removeGroups(name: string): Promise<void> {
  const folders = groupFolders(name);
  for (let attempt = 0; attempt < 100; attempt++) {
    if (folders.map(removeTree).every(Boolean)) return;
    await sleep(100);
  }
  throw new Error(`the control group ${folders.find((folder) => existsSync(folder)) ?? name} still has processes`);
}

/** @returns whether the folder is gone */
function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const entry of entries) removeTree(path.join(folder, entry.name));
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
