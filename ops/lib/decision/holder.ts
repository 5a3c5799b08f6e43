/** Who holds a journal, and whether that process still works. */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, and what tells it from another one with the same number. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Of the machine and of its present boot; undefined where the system has no such file. */
  readonly machine?: string | undefined;
  readonly boot?: string | undefined;
  /** The process namespace: a number means nothing in another container. */
  readonly namespace?: string | undefined;
  /** When the process began, in ticks since the boot. */
  readonly started?: string | undefined;
}

/** This process. */
export function thisProcess(): Holder {
  return { ...thisMachine(), pid: process.pid, started: startOf(process.pid) };
}

function thisMachine(): Omit<Holder, "pid" | "started"> {
  return {
    host: hostname(),
    machine: textOf("/etc/machine-id"),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    namespace: existsSync("/proc/self/ns/pid") ? readlinkSync("/proc/self/ns/pid") : undefined,
  };
}

/** Whether a holder works, has ended, or is where its number cannot be looked up. */
export function stateOf(holder: Holder, here = thisMachine()): "works" | "ended" | "elsewhere" {
  if (holder.host !== here.host || holder.machine !== here.machine) return "elsewhere";
  if (holder.boot !== here.boot) return "ended";
  if (holder.namespace !== here.namespace) return "elsewhere";
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "ended";
  }
  const started = startOf(holder.pid);
  // A process of another user may hide when it began (hidepid).
  return started === undefined || started === holder.started ? "works" : "ended";
}

/** Field 22 of /proc/PID/stat; the name before it may hold blanks and brackets. */
function startOf(pid: number): string | undefined {
  return textOf(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
