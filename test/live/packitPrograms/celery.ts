/** A broker and Celery workers with the variables of rendered pods, each under its pod's host name. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bound } from "../dials/celery.ts";
import { freePort } from "../port.ts";
import { pythonEnvironment } from "../../../lab/harness/python.ts";

/** What the images of worker, Flower and listener have; the listener's is the newest that PyPI has. */
export const python = pythonEnvironment("packit", [
  ...["celery==5.4.0", "kombu==5.4.2", "redis==5.2.0", "gevent==24.11.1", "flower==2.0.1", "fedora-messaging==3.9.1"],
]);

/** A container's variables in the clear. */
export type Variables = Readonly<Record<string, string>>;

/** Processes in a folder of their own; `close` ends them all. */
export class PackitWorld {
  readonly dir = mkdtempSync(path.join(tmpdir(), "packit-celery-"));
  readonly redisPort: number;
  private readonly processes = new Map<string, ChildProcess>();

  private constructor(redisPort: number) {
    this.redisPort = redisPort;
    writeFileSync(path.join(this.dir, "diary"), "");
  }

  /** A world with a broker by this redis.conf. */
  static async open(conf: string): Promise<PackitWorld> {
    const world = new PackitWorld(await freePort());
    mkdirSync(path.join(world.dir, "data"));
    const own = conf
      .replace(/^dir .*$/m, `dir ${path.join(world.dir, "data")}`)
      .replace("port 6379", `port ${world.redisPort}\nbind 127.0.0.1`);
    writeFileSync(path.join(world.dir, "redis.conf"), own);
    world.start("redis", ["redis-server", path.join(world.dir, "redis.conf")], {});
    return world;
  }

  /** Lines of the stand-in's tasks: event and worker. */
  diary(): readonly string[] {
    return readFileSync(path.join(this.dir, "diary"), "utf8").split("\n").filter(Boolean);
  }

  /** Starts a worker as its image's start script does, in a pod of this name. */
  startWorker(pod: string, given: Variables): void {
    // Source: packit/packit-service@b828c3d files/run_worker.sh:31-54.
    const concurrency = given.CONCURRENCY ?? "1";
    const pool = given.POOL ?? (Number(concurrency) > 1 ? "gevent" : "prefork");
    this.start(
      pod,
      [
        ...["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', pod, "celery", `--app=${given.APP ?? ""}`],
        ...["worker", `--loglevel=${given.LOGLEVEL ?? "DEBUG"}`, `--concurrency=${concurrency}`, `--pool=${pool}`],
        ...["--prefetch-multiplier=1", `--queues=${given.QUEUES ?? ""}`],
      ],
      given,
    );
  }

  /** Runs a probe in a pod. @returns its exit code */
  probe(pod: string, command: readonly string[], given: Variables): number {
    const pid = this.processes.get(pod)?.pid ?? 0;
    return this.run(["nsenter", `--target=${pid}`, "--uts", "--", ...command], given).status;
  }

  /** Runs a program to its end, with a container's variables. */
  run(command: readonly string[], given: Variables): { readonly status: number; readonly output: string } {
    const [program = "", ...args] = command;
    const done = spawnSync(program, args, {
      cwd: tasks,
      env: this.env(given),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { status: done.status ?? 1, output: done.stdout + done.stderr };
  }

  start(name: string, command: readonly string[], given: Variables): void {
    const log = openSync(path.join(this.dir, `${name}.log`), "a");
    const child = spawn("setpriv", [...bound, ...command], {
      ...{ cwd: tasks, env: this.env(given), detached: true },
      stdio: ["ignore", log, log],
    });
    this.processes.set(name, child);
  }

  /** What a process has said. */
  log(name: string): string {
    return readFileSync(path.join(this.dir, `${name}.log`), "utf8");
  }

  async stop(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.processes.get(name);
    if (child?.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.processes.keys()].map((name) => this.stop(name, name === "redis" ? "SIGTERM" : "SIGKILL")),
    );
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A container's variables, with the only Redis that there is. */
  private env(given: Variables): NodeJS.ProcessEnv {
    return {
      ...given,
      PATH: `${python.bin}:${process.env.PATH ?? ""}`,
      PYTHONDONTWRITEBYTECODE: "1",
      DIARY: path.join(this.dir, "diary"),
      REDIS_SERVICE_HOST: "127.0.0.1",
      REDIS_SERVICE_PORT: `${this.redisPort}`,
    };
  }
}

/** Folder of the stand-in for Packit's code. */
const tasks = import.meta.dirname;
