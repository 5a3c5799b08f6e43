/** Runs other programs and takes their time and memory. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What a program cost, as a whole with all that it started. */
export interface Cost {
  readonly seconds: number;
  /** Seconds of processor time, user and system. */
  readonly cpu: number;
  readonly megabytes: number;
  readonly stdout: string;
}

/** How often memory is looked at, in milliseconds. */
const interval = 100;

/** Runs a program to its end. @throws with the end of what it said, if it fails */
export function timed(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly accept?: readonly number[] } = {},
): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const [started, before] = [performance.now(), childrenCpu()];
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, all]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      all.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
    let highest = 0;
    const look = setInterval(() => {
      if (child.pid !== undefined) highest = Math.max(highest, residentOf(child.pid));
    }, interval);
    child.on("error", (error) => {
      clearInterval(look);
      reject(error);
    });
    child.on("close", (code) => {
      clearInterval(look);
      const seconds = (performance.now() - started) / 1000;
      if ([0, ...(options.accept ?? [])].includes(code ?? 1)) {
        resolve({ seconds, cpu: childrenCpu() - before, megabytes: highest, stdout: Buffer.concat(out).toString() });
      } else {
        const said = Buffer.concat(all).toString().trim().split("\n").slice(-15).join("\n");
        reject(new Error(`${program} ${args.slice(0, 3).join(" ")} ended with ${code ?? "a signal"}:\n${said}`));
      }
    });
  });
}

/** Clock ticks in a second: Linux reports 100 to every process, whatever the kernel's own rate is. */
const ticks = 100;

/**
 * Seconds of processor time of everything that this process has started and that has ended, with what those started
 * and waited for in their turn, as getrusage(RUSAGE_CHILDREN) has it. Commands that run at the same time are not separated.
 */
export function childrenCpu(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / ticks; // cutime and cstime, see proc_pid_stat(5)
}

/** Megabytes that a process and all below it hold. What it shares with others counts in each. */
export function residentOf(top: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      const [pid, parent] = [Number(entry), Number(fields[1])];
      children.set(parent, [...(children.get(parent) ?? []), pid]);
      resident.set(pid, (Number(fields[21]) * 4096) / 1e6);
    } catch {
      // it ended meanwhile
    }
  }
  const sum = (pid: number): number =>
    (resident.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(top);
}
