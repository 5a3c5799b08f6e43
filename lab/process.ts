/** Background processes of the lab: each has a pid file and a log, and only those are ever stopped. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process to keep running. */
export interface Daemon {
  /** Name of its pid file `run/<name>.pid` and log `log/<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const pidFile = (dir: string, name: string): string => path.join(dir, "run", `${name}.pid`);

/** The pid and start time of a process; the start time tells a recycled pid from the one that was started. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Pid of a running daemon, or undefined when it is not running. */
export function runningPid(dir: string, name: string): number | undefined {
  if (!existsSync(pidFile(dir, name))) return undefined;
  const [pid, started] = readFileSync(pidFile(dir, name), "utf8").trim().split(" ");
  return pid !== undefined && started !== undefined && startTime(Number(pid)) === started ? Number(pid) : undefined;
}

/** Starts a daemon in a session of its own unless it runs already. */
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
  if (child.pid === undefined) throw new Error(`${daemon.command} could not be started; is it installed?`);
  child.on("error", () => undefined); // the health check reports it
  child.unref();
  writeFileSync(pidFile(dir, daemon.name), `${child.pid} ${startTime(child.pid) ?? "gone"}\n`);
}

/** Stops a daemon and whatever is left of its session; returns once it is gone. */
export async function stop(dir: string, name: string, seconds = 5): Promise<void> {
  const pid = runningPid(dir, name);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    for (let waited = 0; waited < seconds * 20 && startTime(pid) !== undefined; waited++) await sleep(50);
    for (const member of sessionOf(pid)) {
      try {
        process.kill(member, "SIGKILL");
      } catch {
        // it ended by itself meanwhile
      }
    }
  }
  rmSync(pidFile(dir, name), { force: true });
}

/** Members of the session that a daemon leads. */
function sessionOf(leader: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
        return fields[3] === String(leader) && fields[0] !== "Z";
      } catch {
        return false;
      }
    });
}

/** Waits until `check` holds. @throws naming `what` and the log to read after `seconds`. */
export async function until(
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

/** Whether an HTTP server answers at all, whatever the status. */
export async function answers(url: string): Promise<boolean> {
  await fetch(url, { signal: AbortSignal.timeout(5000) });
  return true;
}
