/** A broker, Flower and Celery workers as DIALS runs them, each worker with the host name of a pod. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { redisConf, type RedisUse } from "../../../components/dials/redisConf.ts";
import { workerCommand } from "../../../components/dials/worker.ts";
import { at, Flower } from "../../../ops/lib/dials/flower.ts";
import { freePort } from "../port.ts";
import { type Diary, readDiary } from "./diary.ts";
import { pythonBin } from "./programs.ts";

const password = "pw-0123456789";

/** What a pod is given besides the broker's URLs and its file. */
type Variables = Readonly<Record<"FLOWER_BASIC_AUTH", string>> & Readonly<Record<string, string>>;

/** Without which no process of the ETL starts. */
const usual: Variables = {
  ENV: "prod",
  RAW_LAYERS: "/eos/cms",
  MODEL_REGISTRY_PATH: "/eos/models",
  DATABASE_URI: "postgresql://dials:secret@127.0.0.1:1",
  CERT_FPATH: "/etc/grid-security/dials/usercert.pem",
  KEY_FPATH: "/etc/grid-security/dials/userkey.pem",
  FLOWER_BASIC_AUTH: "dials:secret",
};

/** Waits until something holds. @throws after `seconds` */
export async function eventually(
  what: string,
  seconds: number,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const [satisfied, error] = await Promise.resolve()
      .then(holds)
      .then((value): [boolean, unknown] => [value, undefined])
      .catch((caught: unknown): [boolean, unknown] => [false, caught]);
    if (satisfied) return;
    if (Date.now() > end) {
      const why = error instanceof Error ? ` (${error.message})` : "";
      throw new Error(`not within ${seconds} s: ${what}${why}`, { cause: error });
    }
    await sleep(100);
  }
}

/** Celery's world in a folder of its own; `close` ends every process of it. */
export class CeleryWorld {
  readonly dir = mkdtempSync(path.join(tmpdir(), "dials-celery-"));
  readonly redisPort: number;
  readonly flowerPort: number;
  readonly flower: Flower;
  private readonly processes = new Map<string, ChildProcess>();

  private readonly variables: Variables;

  private constructor(redisPort: number, flowerPort: number, variables: Variables) {
    this.redisPort = redisPort;
    this.flowerPort = flowerPort;
    this.variables = variables;
    this.flower = new Flower(at(`http://127.0.0.1:${flowerPort}`), variables.FLOWER_BASIC_AUTH);
  }

  /** A world with broker and Flower. `etlConfig` is the text of the file that each process reads. */
  static async open(etlConfig: string, variables: Readonly<Record<string, string>> = {}): Promise<CeleryWorld> {
    const world = new CeleryWorld(await freePort(), await freePort(), { ...usual, ...variables });
    mkdirSync(path.join(world.dir, "data"));
    writeFileSync(path.join(world.dir, "etl.config.json"), etlConfig);
    writeFileSync(path.join(world.dir, "diary"), "");
    writeFileSync(path.join(world.dir, "auth.conf"), `requirepass ${password}\n`);
    world.startBroker({ keeps: true, appendOnly: true, maxMemoryMiB: 64 });
    await eventually("Redis answers", 20, () => world.redis("PING").then((answer) => answer === "PONG"));
    world.start("flower", [
      ...["celery", "--app=python", "flower", "--purge_offline_workers=120"],
      ...["--address=127.0.0.1", `--port=${world.flowerPort}`],
    ]);
    await eventually("Flower answers", 60, () =>
      fetch(`http://127.0.0.1:${world.flowerPort}/healthcheck`).then(({ ok }) => ok),
    );
    return world;
  }

  /** The broker as it is rendered, on a port and folder of its own. */
  startBroker(use: RedisUse): void {
    const rendered = redisConf(use, path.join(this.dir, "data"), path.join(this.dir, "auth.conf"));
    const file = path.join(this.dir, "redis.conf");
    writeFileSync(file, rendered.replace("port 6379", `port ${this.redisPort}\nbind 127.0.0.1`));
    this.start("redis", ["redis-server", file]);
  }

  /** Starts a worker in the pod of this name, by the command of its Deployment, and waits until it takes tasks. */
  async startWorker(queue: string, pod: string): Promise<string> {
    this.start(pod, inPod(pod, workerCommand(queue)));
    const worker = `${queue}@${pod}`;
    await eventually(`${worker} takes tasks`, 60, async () => {
      return (await this.flower.state(worker))?.queues.includes(queue) === true;
    });
    return worker;
  }

  /** Ends a process as a kubelet does, by SIGTERM first. @returns once it is gone */
  async stop(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.processes.get(name);
    this.processes.delete(name);
    if (child?.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  /** Whether a process runs. */
  runs(name: string): boolean {
    return this.processes.get(name)?.exitCode === null;
  }

  /** Runs a probe in a worker's pod. @returns its exit code */
  probe(pod: string, command: readonly string[]): Promise<number> {
    const pid = this.processes.get(pod)?.pid ?? 0;
    return this.run(["nsenter", `--target=${pid}`, "--uts", "--", ...command]).then(({ status }) => status);
  }

  /** Queues tasks with these numbers, each of so many seconds; `countdown` postpones them. */
  async send(queue: string, numbers: readonly number[], seconds: number, countdown = 0): Promise<void> {
    const code = `from python.celery import ingest
for number in ${JSON.stringify(numbers)}: ingest.apply_async((number, ${seconds}), queue="${queue}", countdown=${countdown})`;
    const { status, output } = await this.run(["python", "-c", code]);
    if (status !== 0) throw new Error(output);
  }

  diary(): Diary {
    return readDiary(path.join(this.dir, "diary"));
  }

  /** What redis-cli prints. */
  async redis(...words: readonly string[]): Promise<string> {
    const { output } = await this.run([
      "redis-cli",
      "-h",
      "127.0.0.1",
      "-p",
      `${this.redisPort}`,
      "--no-auth-warning",
      ...words,
    ]);
    return output.trim();
  }

  /** Runs a program to its end. */
  run(command: readonly string[]): Promise<{ readonly status: number; readonly output: string }> {
    const [program = "", ...args] = command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: app, env: this.env(), stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ status: code ?? 1, output });
      });
    });
  }

  /** Ends everything and removes the folder. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.processes.keys()].map((name) => this.stop(name, name === "redis" ? "SIGTERM" : "SIGKILL")),
    );
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Variables of every process, as both sources of a pod give them. */
  env(): NodeJS.ProcessEnv {
    const url = (database: number): string => `redis://:${password}@127.0.0.1:${this.redisPort}/${database}`;
    return {
      ...this.variables,
      PATH: `${pythonBin}:${process.env.PATH ?? ""}`,
      PYTHONDONTWRITEBYTECODE: "1",
      REDISCLI_AUTH: password,
      REDIS_PASSWORD: password,
      CELERY_BROKER_URL: url(0),
      CELERY_RESULT_BACKEND: url(1),
      CELERY_REDBEAT_URL: url(2),
      ETL_CONFIG_FPATH: path.join(this.dir, "etl.config.json"),
      DIARY: path.join(this.dir, "diary"),
    };
  }

  private start(name: string, command: readonly string[]): void {
    const log = openSync(path.join(this.dir, `${name}.log`), "a");
    // Of its own group, so that Ctrl-C at the tests does not reach it before they end it; it never outlives them.
    const child = spawn("setpriv", [...bound, ...command], {
      cwd: app,
      env: this.env(),
      stdio: ["ignore", log, log],
      detached: true,
    });
    this.processes.set(name, child);
  }
}

/** Arguments of setpriv that end a program when the one that started it ends, however that happens. */
export const bound = ["--pdeathsig", "TERM"] as const;

/** Folder of the stand-in for the ETL's code. */
const app = path.join(import.meta.dirname, "etl");

/** The command under a pod's host name; the program takes the shell's place, as it does in a pod. */
function inPod(pod: string, command: readonly string[]): readonly string[] {
  return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', pod, ...command];
}
