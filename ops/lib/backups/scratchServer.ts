/** A PostgreSQL server of this machine in a temporary folder, for restoring a dump and looking into it. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { output } from "../process.ts";

const programs = ["initdb", "postgres", "psql"];

/** Where Debian and Ubuntu keep the servers' programs, a folder a major version. */
const debian = "/usr/lib/postgresql";

/** PostgreSQL refuses to run as root; nor should what a dump contains. Ids of nobody. */
const nobody = 65534;

/** Folder of the newest server of this machine. @throws if there is none */
function serverPrograms(): string {
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(debian, version, "bin")), ...pathFolders()];
  const found = folders.find((folder) => programs.every((name) => existsSync(path.join(folder, name))));
  if (found === undefined)
    throw new Error(`PostgreSQL is not installed here (${programs.join(", ")}): apt-get install postgresql`);
  return found;
}

const pathFolders = (): readonly string[] => (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);

/** A server, until `stop`. */
export class ScratchServer {
  /** Only the server's user may read it. */
  readonly folder: string;
  private readonly bin: string;
  private process: ChildProcess | undefined;

  private constructor(bin: string) {
    this.bin = bin;
    this.folder = mkdtempSync(path.join(tmpdir(), "orrery-drill-"));
  }

  /** Starts a server without data. @param fill - puts files into its folder first @param ending - ends it early */
  static async start(fill: (folder: string) => Promise<void>, ending: AbortSignal): Promise<ScratchServer> {
    const server = new ScratchServer(serverPrograms());
    try {
      const files = path.join(server.folder, "files");
      mkdirSync(files);
      await fill(files);
      if (process.getuid?.() === 0) await output("chown", ["-R", `${nobody}:${nobody}`, server.folder]);
      const data = path.join(server.folder, "data");
      await server.run("initdb", ["-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"]);
      const settings = ["-D", data, "-k", server.folder, "-c", "listen_addresses=", "-c", "fsync=off"];
      const [program, args] = server.call("postgres", settings);
      ending.throwIfAborted();
      server.process = spawn(program, args, { ...server.options, stdio: "ignore" });
      // What is asked of it fails then.
      ending.addEventListener("abort", () => server.process?.kill("SIGINT"), { once: true });
      await server.untilReady();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Major version. */
  async version(): Promise<number> {
    return Math.floor(Number((await this.ask("SHOW server_version_num")).trim()) / 10_000);
  }

  /** What statements print, unaligned. @throws with the first error */
  ask(...statements: readonly string[]): Promise<string> {
    return this.askIn("postgres", ...statements);
  }

  /** The same in a database. */
  askIn(database: string, ...statements: readonly string[]): Promise<string> {
    const commands = statements.flatMap((statement) => ["--command", statement]);
    return this.run("psql", [...this.client(database), "--tuples-only", "--no-align", ...commands]);
  }

  /** Loads a file of its folder. @throws with the first error */
  async load(database: string, file: string): Promise<void> {
    await this.run("psql", [...this.client(database), "--single-transaction", "--output", "/dev/null", "--file", file]);
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (child?.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      // A fast shutdown.
      child.kill("SIGINT");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private client(database: string): readonly string[] {
    const connection = ["--host", this.folder, "--username", "postgres", "--dbname", database];
    return ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", ...connection];
  }

  private get options(): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
    return { cwd: this.folder, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
  }

  /** Program and arguments, as a user who owns nothing else. */
  private call(name: string, args: readonly string[]): readonly [string, readonly string[]] {
    const program = path.join(this.bin, name);
    if (process.getuid?.() !== 0) return [program, args];
    return ["setpriv", [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", program, ...args]];
  }

  /** Runs one of PostgreSQL's programs without our environment. @throws with its complaint */
  private run(name: string, args: readonly string[]): Promise<string> {
    const [program, words] = this.call(name, args);
    return new Promise((resolve, reject) => {
      const child = spawn(program, words, { ...this.options, stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === 0) resolve(stdout);
        else reject(new Error(`${name}: ${complaint(stderr)}`));
      });
    });
  }

  private async untilReady(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.ask("SELECT 1");
        return;
      } catch (error) {
        if (tries === 100 || this.process?.exitCode !== null) throw error;
        await sleep(100);
      }
    }
  }
}

/** PostgreSQL's own error. */
function complaint(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /ERROR|FATAL|error:/.test(line)) ?? lines.at(-1) ?? "failed").replace(/^.*?psql:/, "");
}
