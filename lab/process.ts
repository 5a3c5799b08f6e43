/** Processes of the lab. Background processes have a pid file and a log; only those with a pid file are ever stopped. */
import { spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A background process. */
export interface Daemon {
  /** Name of its pid file `run/<name>.pid` and log `log/<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const pidFile = (dir: string, name: string): string => path.join(dir, "run", `${name}.pid`);

/** Start time of a process, which distinguishes it from a later process with the same pid; undefined if it has ended. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Pid of a daemon, or undefined if it is not running. */
export function runningPid(dir: string, name: string): number | undefined {
  if (!existsSync(pidFile(dir, name))) return undefined;
  const [pid, started] = readFileSync(pidFile(dir, name), "utf8").trim().split(" ");
  return pid !== undefined && started !== undefined && startTime(Number(pid)) === started ? Number(pid) : undefined;
}

/** Pids of the daemons that run, by name. */
export function runningDaemons(dir: string): ReadonlyMap<string, number> {
  const run = path.join(dir, "run");
  const files = existsSync(run) ? readdirSync(run).filter((file) => file.endsWith(".pid")) : [];
  const pids = new Map<string, number>();
  for (const name of files.map((file) => file.slice(0, -".pid".length))) {
    const pid = runningPid(dir, name);
    if (pid !== undefined) pids.set(name, pid);
  }
  return pids;
}

/** File of a daemon's output. */
export const logFile = (dir: string, name: string): string => path.join(dir, "log", `${name}.log`);

/** @throws if a daemon that was started has ended, with the last line of its log */
export function assertRuns(dir: string, name: string): void {
  if (runningPid(dir, name) !== undefined) return;
  const log = logFile(dir, name);
  const last = readFileSync(log, "utf8").trimEnd().split("\n").at(-1) ?? "";
  throw new Error(`${name} exited during its start: ${last.slice(0, 300)} (${log})`);
}

/** Starts a daemon in its own session unless it is running. */
export function start(dir: string, daemon: Daemon): void {
  if (runningPid(dir, daemon.name) !== undefined) return;
  mkdirSync(path.join(dir, "run"), { recursive: true });
  mkdirSync(path.join(dir, "log"), { recursive: true });
  const log = openSync(path.join(dir, "log", `${daemon.name}.log`), "a");
  const child = spawn(daemon.command, daemon.args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: daemon.env ?? process.env,
    cwd: daemon.cwd ?? dir,
  });
  closeSync(log);
  child.on("error", () => undefined); // of a command that is missing; of one that ends later the health check knows
  if (child.pid === undefined) throw new Error(`${daemon.command} could not be started; check that it is installed`);
  child.unref();
  writeFileSync(pidFile(dir, daemon.name), `${child.pid} ${startTime(child.pid) ?? "gone"}\n`);
}

/** Stops a daemon and the rest of its session, and waits for the end. */
export async function stop(dir: string, name: string, seconds = 5): Promise<void> {
  const pid = runningPid(dir, name);
  if (pid !== undefined) {
    send(pid, "SIGTERM");
    for (let waited = 0; waited < seconds * 20 && startTime(pid) !== undefined; waited++) await sleep(50);
    for (const member of sessionOf(pid)) send(member, "SIGKILL");
  }
  rmSync(pidFile(dir, name), { force: true });
}

/** Sends a signal to a process that may just have ended. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

/** Processes in the session of a daemon. */
function sessionOf(leader: number): number[] {
  return processes()
    .filter(({ session }) => session === leader)
    .map(({ pid }) => pid);
}

/** A running process. */
interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly started: string;
}

function processes(): Running[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid): Running[] => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      const [state, parent, , session] = fields;
      const found = { pid: Number(pid), parent: Number(parent), session: Number(session), started: fields[19] ?? "" };
      return state === "Z" ? [] : [found];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** Pids of the processes that a process has started and that still run. */
export const childrenOf = (pid: number): number[] =>
  processes()
    .filter(({ parent }) => parent === pid)
    .map((one) => one.pid);

/** Ends a process with all its descendants, those in sessions of their own too; SIGKILL for what is left after `seconds`. */
export async function endTree(root: number, seconds = 3): Promise<void> {
  const all = processes();
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  const alive = (): Running[] => tree.filter(({ pid, started }) => startTime(pid) === started);
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of alive()) send(pid, name);
  };
  signal("SIGTERM");
  for (let waited = 0; waited < seconds * 20 && alive().length > 0; waited++) await sleep(50);
  signal("SIGKILL");
}

/** The command that runs another one, which the kernel kills when this process ends in any way. */
export function endsWithUs(command: string, args: readonly string[]): [command: string, args: string[]] {
  return ["setpriv", ["--pdeathsig", "KILL", command, ...args]];
}

/**
 * Runs a command in the foreground with its output in a file; it is killed when this process ends.
 * @throws naming the command and the file if it fails
 */
export function runToFile(command: string, args: readonly string[], output: string): Promise<void> {
  const file = openSync(output, "a");
  return new Promise<void>((resolve, reject) => {
    const child = spawn(...endsWithUs(command, args), { stdio: ["ignore", file, file] });
    child.on("error", () => {
      reject(new Error(`${command} could not be started; check that it is installed`));
    });
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} failed (${signal ?? `exit code ${code ?? 1}`}); read ${output}`));
    });
  }).finally(() => {
    closeSync(file);
  });
}

/** Polls `check` until it holds. @throws after `seconds`, with `what` and the hint */
export async function waitUntilReady(
  what: string,
  seconds: number,
  check: () => Promise<boolean> | boolean,
  hint: string,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      if (await check()) return;
    } catch {
      // not yet
    }
    if (Date.now() > end) throw new Error(`${what} did not come up within ${seconds} s; ${hint}`);
    await sleep(100);
  }
}

/** Whether an HTTP server responds, with any status. */
export async function answers(url: string): Promise<boolean> {
  await fetch(url, { signal: AbortSignal.timeout(5000) });
  return true;
}

/** Whether a DNS server on loopback responds, also if it refuses. @throws if it does not */
export async function answersDns(port: number): Promise<boolean> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    await resolver.resolveSoa("orrery.test");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ETIMEOUT" || code === "ECONNREFUSED") throw error;
  }
  return true;
}

/** Waits for all of them, so that none goes on after an error. @throws the first error */
export async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
