/** The lab's network namespace and its one link to the host. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { LabSettings } from "../settings.ts";

const execute = promisify(execFile);

/** The namespace's end of the link. */
export const uplink = "uplink";

/** Addresses at both ends of the link, all from the lab's ranges. */
export function addresses(
  lab: LabSettings,
): Readonly<Record<"services" | "host" | "services6" | "host6" | "tenants6", string>> {
  const public4 = lab.publicCidr.replace(/\.0\/24$/, "");
  const prefix6 = `fd00:${lab.slot.toString(16)}`;
  return {
    services: `${public4}.1`,
    host: `${public4}.2`,
    services6: `${prefix6}:ffff:ffff::1`,
    host6: `${prefix6}:ffff:ffff::2`,
    tenants6: `${prefix6}::/48`,
  };
}

/** Creates the missing parts of the namespace and its link. @throws with the kernel's error */
export async function makeNetwork(lab: LabSettings): Promise<void> {
  try {
    await build(lab);
  } catch (error) {
    const reason = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`the machines' network cannot be created (requires root, network namespaces and veth): ${reason}`, {
      cause: error,
    });
  }
}

/** The routes lead floating IPs and the tenants' IPv6 into the namespace. */
async function build(lab: LabSettings): Promise<void> {
  const { services, host, services6, host6, tenants6 } = addresses(lab);
  await ensureNamespace(lab, lab.netns);
  if (!existsSync(`/sys/class/net/${lab.netns}`)) {
    await execute("ip", ["link", "add", lab.netns, "type", "veth", "peer", "name", uplink, "netns", lab.netns]);
  }
  await ipBatch(lab.netns, [
    "link set lo up",
    `link set ${uplink} up`,
    `addr replace ${services} peer ${host}/32 dev ${uplink}`,
    `addr replace ${services6}/64 dev ${uplink} nodad`,
    "addr replace 169.254.169.254/32 dev lo", // the metadata service
  ]);
  const sysctls = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map((name) => `echo 1 >/proc/sys/net/${name}`);
  await execute("ip", ["netns", "exec", lab.netns, "sh", "-ec", sysctls.join("\n")]);
  await ipBatch(undefined, [
    `link set ${lab.netns} up`,
    `addr replace ${host} peer ${services}/32 dev ${lab.netns}`,
    `addr replace ${host6}/64 dev ${lab.netns} nodad`,
    `route replace ${lab.publicCidr} via ${services} dev ${lab.netns}`,
    `route replace ${tenants6} via ${services6} dev ${lab.netns}`,
  ]);
}

/** Removes the link with the host's routes, and the namespace with its rules. */
export const removeNetwork = (lab: LabSettings): Promise<void> => removeNamespace(lab, lab.netns, lab.netns);

const names = "/run/netns";

/** Creates a network namespace if there is none of this name, and records that it is this lab's. */
export async function ensureNamespace(lab: LabSettings, name: string): Promise<void> {
  if (identity(name) === undefined) {
    // A container that was started again keeps its files, and loses what was mounted on them.
    rmSync(`${names}/${name}`, { force: true });
    await execute("ip", ["netns", "add", name]);
  }
  mkdirSync(path.join(lab.dir, "run"), { recursive: true });
  writeFileSync(record(lab, name), identity(name) ?? "");
}

/** Whether this lab made the namespace: another checkout's lab on the same ports has the same names. */
export const isOwn = (lab: LabSettings, name: string): boolean =>
  existsSync(record(lab, name)) && readFileSync(record(lab, name), "utf8") === identity(name);

/** Removes a namespace and its link to the host, if this lab made it. */
export async function removeNamespace(lab: LabSettings, name: string, link?: string): Promise<void> {
  if (!existsSync(record(lab, name))) return;
  const own = isOwn(lab, name);
  // Where the name is gone, the link can be nobody else's: making a namespace of that name comes first.
  const hasLink = link !== undefined && existsSync(`/sys/class/net/${link}`);
  if (hasLink && (own || identity(name) === undefined)) await execute("ip", ["link", "delete", link]);
  if (own) await execute("ip", ["netns", "delete", name]);
  rmSync(record(lab, name));
}

const record = ({ dir }: LabSettings, name: string): string => path.join(dir, "run", `${name}.netns`);

/** What tells a namespace from every other one of its name, those before a restart of the machine included; undefined if there is none. */
function identity(name: string): string | undefined {
  const file = `${names}/${name}`;
  if (!existsSync(file)) return undefined;
  const { dev, ino } = statSync(file);
  if (dev === statSync(names).dev) return undefined; // a file on which nothing is mounted
  return `${ino} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
}

/** Runs ip's commands in one process, inside a network namespace if one is given. */
export async function ipBatch(netns: string | undefined, commands: readonly string[]): Promise<void> {
  const running = execute("ip", [...(netns === undefined ? [] : ["-netns", netns]), "-batch", "-"]);
  running.child.stdin?.end(`${commands.join("\n")}\n`);
  await running;
}
