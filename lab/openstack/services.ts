/** The cloud's daemons: their commands, and the order of start and stop. */
import { execFileSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import path from "node:path";
import { type Daemon, start, stop } from "../process.ts";
import type { LabSettings, PortName } from "../settings.ts";
import { dataDir, etcDir, runDir } from "./config/shared.ts";

const library = path.join(import.meta.dirname, "lib");

/** Debian's own interpreter: another python3 on PATH would lack the modules. */
export const python = "/usr/bin/python3";
export const script = (name: string): string => path.join(library, `${name}.py`);

/** The OpenStack projects, in the order in which they start; each is one daemon. */
const projects = [
  "keystone",
  "placement",
  "nova",
  "neutron",
  "cinder",
  "designate",
  "octavia",
  "glance",
  "swift",
] as const satisfies PortName[];

/** The whole environment of the cloud's processes, without the caller's OS_*, PYTHON* and proxy variables. */
export function environment(lab: LabSettings): NodeJS.ProcessEnv {
  return {
    PATH: "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    PYTHONPATH: library,
    PYTHONDONTWRITEBYTECODE: "1",
    ORRERY_DIR: lab.dir,
    ORRERY_PORTS: JSON.stringify(lab.ports),
    ORRERY_NETNS: lab.netns,
    ORRERY_SLOT: String(lab.slot),
    ORRERY_PUBLIC_CIDR: lab.publicCidr,
  };
}

const run = (lab: LabSettings, name: string): string => path.join(runDir(lab), name);

function mariadb(lab: LabSettings): Daemon {
  return { name: "mariadb", command: "/usr/sbin/mariadbd", args: [`--defaults-file=${etcDir(lab)}/mysql.cnf`] };
}

/** The projects' dependencies: OVN's databases and northd, the agent in place of ovn-controller, BIND. */
function services(lab: LabSettings): Daemon[] {
  // One server per database: if it also had OVN_Southbound, Neutron's northbound client would wait forever
  // for the end of a schema change.
  const ovsdb = (side: string): Daemon => ({
    name: `ovsdb-${side}`,
    command: "/usr/sbin/ovsdb-server",
    args: [
      `--unixctl=${run(lab, `ovsdb-${side}.ctl`)}`,
      `--remote=punix:${run(lab, `ovn${side}.sock`)}`,
      `${dataDir(lab)}/ovn/${side}.db`,
    ],
  });
  const northd = [
    `--unixctl=${run(lab, "northd.ctl")}`,
    `--ovnnb-db=unix:${run(lab, "ovnnb.sock")}`,
    `--ovnsb-db=unix:${run(lab, "ovnsb.sock")}`,
  ];
  return [
    ovsdb("nb"),
    ovsdb("sb"),
    { name: "northd", command: "/usr/bin/ovn-northd", args: northd },
    { name: "chassis", command: python, args: [script("chassis")] },
    { name: "named", command: "/usr/sbin/named", args: ["-f", "-c", `${etcDir(lab)}/named.conf`] },
  ];
}

export function startDatabase(lab: LabSettings): void {
  start(lab.dir, { ...mariadb(lab), env: environment(lab) });
}

export async function stopDatabase(lab: LabSettings): Promise<void> {
  await stop(lab.dir, "mariadb", 30);
}

/** Starts the services that are not running; the projects wait for each other. */
export function startServices(lab: LabSettings): void {
  for (const side of ["nb", "sb"]) createOvnDatabase(path.join(dataDir(lab), "ovn", `${side}.db`), side);
  for (const daemon of services(lab)) start(lab.dir, { ...daemon, env: environment(lab) });
  for (const name of projects) {
    start(lab.dir, { name, command: python, args: [script("serve"), name], env: environment(lab) });
  }
}

function createOvnDatabase(file: string, side: string): void {
  if (existsSync(file)) return;
  execFileSync("ovsdb-tool", ["create", `${file}.part`, `/usr/share/ovn/ovn-${side}.ovsschema`]);
  renameSync(`${file}.part`, file);
}

/** Stops everything: clients first, databases last. */
export async function stopServices(lab: LabSettings): Promise<void> {
  await Promise.all(projects.map((name) => stop(lab.dir, name, 3)));
  await Promise.all(["chassis", "northd", "named"].map((name) => stop(lab.dir, name)));
  await Promise.all(["ovsdb-nb", "ovsdb-sb"].map((name) => stop(lab.dir, name)));
  await stopDatabase(lab);
}

/** Ports by the daemon that listens on them. */
export function openstackPorts(lab: LabSettings): [daemon: string, port: number][] {
  return [
    ...projects.map((name): [string, number] => [name, lab.ports[name]]),
    ...[1, 2, 3].map((offset): [string, number] => ["swift", lab.ports.swift + offset]),
    ["named", lab.ports.dns],
    ["named", lab.ports.rndc],
    ["designate", lab.ports.mdns],
  ];
}
