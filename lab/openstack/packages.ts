/** The Debian packages that the cloud is made of. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import { disableServices } from "./hostServices.ts";

const projects = ["keystone", "glance", "placement", "nova", "neutron", "cinder", "designate", "octavia", "swift"];
const libraries = [
  "ovn-octavia-provider",
  "waitress",
  "pymysql",
  "openvswitch",
  "ovsdbapp",
  "openstackclient",
  "designateclient",
];
export const servers = [
  "mariadb-server-core",
  "mariadb-client-core",
  "bind9",
  "bind9-dnsutils",
  "openvswitch-common",
  "ovn-central",
  "zstd",
];

/** python3-* hold all the code and ask no debconf questions; mariadb-*-core are the server without a data folder
 * and the tool that its installer reads settings with. */
const packages = [...[...projects, ...libraries].map((name) => `python3-${name}`), ...servers];

/** Unpacked only, for their api-paste.ini: installing them would pull in dbconfig-common with its questions. */
const unpacked = ["nova", "cinder", "neutron", "glance", "designate"].map((name) => `${name}-common`);

const policy = "/usr/sbin/policy-rc.d";
const mine = "# Written by Orrery while it installs packages; safe to remove.";
const lock = "/run/lock/orrery-packages";

/**
 * Installs packages with a policy-rc.d that prevents the start of services, and always removes it afterwards.
 * $1 is the policy's path, $2 the line that marks it as ours, the rest are packages.
 */
const installer = `
  policy=$1 mine=$2; shift 2
  trap 'grep -qsF "$mine" "$policy" && rm -f "$policy"' EXIT
  [ -e "$policy" ] || { printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mine" >"$policy" && chmod 755 "$policy"; }
  export DEBIAN_FRONTEND=noninteractive
  dpkg --configure -a && apt-get update -q &&
  apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=600 "$@"`;

/** Versions of those packages that are installed, by name. @param names - all if there are none */
function installed(names: readonly string[] = []): Map<string, string> {
  const format = "${db:Status-Status} ${Package} ${Version}\\n";
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", format, ...names], { encoding: "utf8" });
  const rows = stdout.split("\n").map((row) => row.split(" "));
  return new Map(
    rows.flatMap(([state, name, version]) => (state === "installed" ? [[name ?? "", version ?? ""]] : [])),
  );
}

/** Installs the missing Debian packages; their services start neither now nor with the machine. */
export async function installPackages(names: readonly string[], log: Log): Promise<void> {
  // A killed installer leaves its policy behind; a running one holds the lock.
  if (existsSync(policy) && readFileSync(policy, "utf8").includes(mine)) {
    spawnSync("flock", ["-n", lock, "rm", "-f", policy]);
  }
  const present = installed(names);
  const missing = names.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  log(`installing ${missing.length} Debian packages and their dependencies`);
  const before = installed();
  try {
    await run("flock", ["-o", lock, "bash", "-c", installer, "install", policy, mine, ...missing], log);
  } finally {
    disableServices([...installed().keys()].filter((name) => !before.has(name)));
  }
  const still = names.filter((name) => !installed(names).has(name));
  if (still.length > 0) throw new Error(`apt-get succeeded, but these packages are still missing: ${still.join(" ")}`);
}

/** Installs the cloud's packages. */
export async function installCloud(log: Log): Promise<void> {
  await installPackages(packages, log);
  disableServices(servers); // which an earlier version left enabled
  if (!existsSync(shareDir())) await unpackCommon(log);
}

/** Hash of all packages' versions. */
export function packagesKey(): string {
  key ??= createHash("sha256")
    .update(JSON.stringify([...installed(packages)].sort()))
    .digest("hex")
    .slice(0, 12);
  return key;
}
let key: string | undefined;

/** Folder of the unpacked packages; it exists only when complete. */
export function shareDir(): string {
  return path.join(cacheDir, "openstack", `share-${packagesKey()}`);
}

async function unpackCommon(log: Log): Promise<void> {
  log("unpacking the services' paste files");
  const part = `${shareDir()}.${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const download = `apt-get download -q ${unpacked.join(" ")}`;
  // Packages may be installed while the package lists are gone.
  const script = `cd "$1" && { ${download} || { apt-get update -q && ${download}; }; } && for deb in *.deb; do dpkg-deb -x "$deb" .; done`;
  await run("bash", ["-c", script, "unpack", part], log);
  try {
    renameSync(part, shareDir());
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(shareDir())) throw error; // else another checkout was faster
  }
}

/** Runs a package tool and logs its latest line every 5 s. @throws with its last lines */
async function run(command: string, args: readonly string[], log: Log): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const tail: string[] = [];
  let logged = Date.now();
  const listen = (line: string): void => {
    tail.push(line);
    if (tail.length > 8) tail.shift();
    if (Date.now() - logged < 5000) return;
    logged = Date.now();
    log(`  ${line.slice(0, 100)}`);
  };
  createInterface(child.stdout).on("line", listen);
  createInterface(child.stderr).on("line", listen);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`Debian packages could not be installed; the last lines were:\n${tail.join("\n")}`);
}
