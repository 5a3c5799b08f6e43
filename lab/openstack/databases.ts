/**
 * The migrated databases with Keystone's accounts, restored from this machine's snapshot or created and saved.
 * Migrations take half a minute, a snapshot a second. Snapshots contain no port, folder, key or password of a lab.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { Log } from "../component.ts";
import { endsWithUs, waitUntilReady } from "../process.ts";
import { cacheDir, type LabSettings } from "../settings.ts";
import { createKeys } from "./accounts.ts";
import { dataDir, etcDir, runDir } from "./config/shared.ts";
import { packagesKey } from "./packages.ts";
import { environment, python, script, startDatabase, stopDatabase } from "./services.ts";

/** Migrations to run in parallel, in chains of about the same length; more than the cores gain nothing. */
const chains = [
  ["nova", "cinder"],
  ["neutron", "placement", "octavia"],
  ["keystone", "designate", "glance"],
];

/** Creates the databases unless they exist, and continues an interrupted creation. */
export async function createDatabases(lab: LabSettings, log: Log): Promise<void> {
  const complete = marker(lab, "databases");
  if (existsSync(complete)) {
    const mysql = path.join(dataDir(lab), "mysql");
    const missing = chains.flat().filter((name) => !existsSync(path.join(mysql, name)));
    if (missing.length === 0) return;
    throw new Error(
      `this lab was made by an earlier version, without ${missing.join(", ")}: npm run lab -- reset makes it again, empty`,
    );
  }
  if (existsSync(snapshot())) {
    await restore(lab, log);
  } else {
    await build(lab, log);
    await save(lab);
  }
  writeFileSync(complete, "");
}

/** Starts MariaDB and waits until it accepts connections. */
export async function openDatabase(lab: LabSettings): Promise<void> {
  startDatabase(lab);
  const greeting = (): Promise<boolean> => greets(path.join(runDir(lab), "mysql.sock"));
  await waitUntilReady("MariaDB", 60, greeting, `see ${lab.dir}/log/mariadb.log`);
}

/** Whether the server on a MySQL socket sends its greeting. */
export function greets(socket: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const client = connect(socket);
    client.setTimeout(5000, () => client.destroy(new Error("no greeting within 5 s")));
    client.once("error", reject);
    client.once("data", () => {
      client.destroy();
      resolve(true);
    });
  });
}

/** The file that marks a step as complete. */
export function marker(lab: LabSettings, step: string): string {
  return path.join(dataDir(lab), `${step}.done`);
}

async function build(lab: LabSettings, log: Log): Promise<void> {
  createKeys(lab);
  const mysql = path.join(dataDir(lab), "mysql");
  if (!existsSync(mysql)) {
    log("OpenStack: initialising the database server");
    rmSync(`${mysql}.part`, { recursive: true, force: true });
    mkdirSync(`${mysql}.part`, { recursive: true });
    const options = [
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--skip-name-resolve",
      "--cross-bootstrap",
    ];
    const install = [`--defaults-file=${etcDir(lab)}/mysql.cnf`, `--datadir=${mysql}.part`, ...options];
    await command(lab, "mariadb-install-db", install);
    renameSync(`${mysql}.part`, mysql);
  }
  await openDatabase(lab);
  log("OpenStack: migrating the databases, once on this machine");
  await Promise.all(
    chains.map(async (chain) => {
      for (const project of chain) await migrate(lab, project, log);
    }),
  );
}

async function migrate(lab: LabSettings, project: string, log: Log): Promise<void> {
  const done = marker(lab, `schema-${project}`);
  if (existsSync(done)) return;
  await command(lab, python, [script("schema"), project]);
  writeFileSync(done, "");
  log(`OpenStack: databases of ${project}`);
}

/** Runs a command whose output goes to the log `schema.log`. @throws naming that log. */
async function command(lab: LabSettings, name: string, args: readonly string[]): Promise<void> {
  const file = path.join(lab.dir, "log", "schema.log");
  mkdirSync(path.dirname(file), { recursive: true });
  const output = openSync(file, "a");
  const child = spawn(...endsWithUs(name, args), { env: environment(lab), stdio: ["ignore", output, output] });
  closeSync(output);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  if (code !== 0) throw new Error(`${[name, ...args].join(" ")} failed; see ${file}`);
}

/** The snapshot for the installed packages and the code that creates the databases. */
function snapshot(): string {
  const code = [import.meta.filename, script("schema"), path.join(import.meta.dirname, "config", "storage.ts")];
  const hash = createHash("sha256").update(packagesKey());
  for (const file of code) hash.update(readFileSync(file));
  return path.join(cacheDir, "openstack", `databases-${hash.digest("hex").slice(0, 12)}.tar.zst`);
}

async function save(lab: LabSettings): Promise<void> {
  await stopDatabase(lab); // a clean stop leaves files that can be copied
  const part = `${snapshot()}.${process.pid}`;
  mkdirSync(path.dirname(part), { recursive: true });
  await command(lab, "tar", ["-C", dataDir(lab), "-I", "zstd -3", "-cf", part, "mysql"]);
  renameSync(part, snapshot());
  prune(path.dirname(part));
}

/** Keeps the four newest snapshots, as other checkouts may use other versions. */
function prune(folder: string): void {
  // Another checkout may prune at the same time.
  const age = (name: string): number => statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const snapshots = readdirSync(folder)
    .filter((name) => /^databases-\w+\.tar\.zst$/.test(name))
    .sort((a, b) => age(b) - age(a));
  for (const old of snapshots.slice(4)) rmSync(path.join(folder, old), { force: true });
}

async function restore(lab: LabSettings, log: Log): Promise<void> {
  log("OpenStack: restoring the databases from this machine's snapshot");
  await stopDatabase(lab); // an interrupted build may have left it running
  const folder = dataDir(lab);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await command(lab, "tar", ["-C", folder, "-I", "zstd", "-xf", snapshot()]);
  createKeys(lab);
}
