/** Whether the process that took a lock still runs: on this machine, and among the processes that can be seen from here. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { run } from "../process.ts";

/** What a lock's file says of the process that took it. */
export interface HolderRecord {
  readonly pid: number;
  readonly hostname: string;
  /** Only in locks of Orrery: the machine's boot and the process namespace, see {@link Here}. */
  readonly table?: string;
  /** Only in locks of Orrery: when the process began, which a later one of the same number did not. */
  readonly start?: string;
}

/** A process, as far as it matters to a lock. */
export interface ProcessRecord {
  /** Its number here, and in every container that it runs in. */
  readonly pids: readonly number[];
  readonly command: string;
  readonly start?: string;
}

/** What is known of this machine. */
export interface Here {
  readonly hostname: string;
  /** Boot and process namespace, within which a process number names one process; undefined where it cannot be told. */
  readonly table: string | undefined;
  /** Whether this is a container: other containers may have its host name, and their processes are not seen. */
  readonly contained: boolean;
  readonly processes: () => Promise<readonly ProcessRecord[]>;
}

/** A lock's holder works, has ended, or cannot be seen from here. */
export type Holder = "works" | "ended" | "elsewhere";

/** What became of the process that took a lock. */
export async function holderOf(lock: HolderRecord, here: Here = thisMachine()): Promise<Holder> {
  if (lock.hostname !== here.hostname) return "elsewhere";
  if (lock.table !== undefined && lock.table !== here.table) return "elsewhere";
  const same = (await here.processes()).filter(({ pids }) => pids.includes(lock.pid));
  if (lock.table !== undefined) return same.some(({ start }) => start === lock.start) ? "works" : "ended";
  // The engine's locks tell less. Another program may have got the number since.
  if (same.some(({ command }) => /pulumi/.test(command))) return "works";
  return here.contained ? "elsewhere" : "ended";
}

/** What a lock of this process says of it. */
export function ownRecord(here: Here = thisMachine()): HolderRecord {
  const start = here.table === undefined ? undefined : startOf(process.pid);
  const exact = here.table === undefined || start === undefined ? {} : { table: here.table, start };
  return { pid: process.pid, hostname: here.hostname, ...exact };
}

/** Number of the process namespace that a Linux machine boots with (PROC_PID_INIT_INO). */
const firstNamespace = "pid:[4026531836]";

function thisMachine(): Here {
  const name = hostname();
  if (process.platform !== "linux") {
    return { hostname: name, table: undefined, contained: false, processes: processesByPs };
  }
  const namespace = readlinkSync("/proc/self/ns/pid");
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return {
    hostname: name,
    table: `${boot} ${namespace}`,
    contained: namespace !== firstNamespace,
    processes: () => Promise.resolve(processesOfLinux()),
  };
}

function processesOfLinux(): readonly ProcessRecord[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => {
    try {
      const pids = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1] ?? name;
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      const start = startOf(Number(name));
      return [{ pids: pids.split(/\s+/).map(Number), command, ...(start === undefined ? {} : { start }) }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

/** When a process began, in the kernel's ticks since the boot. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is the program's name, which may hold blanks and brackets.
    const [, fields = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return fields.split(" ")[19];
  } catch {
    return undefined;
  }
}

async function processesByPs(): Promise<readonly ProcessRecord[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const [, pid, command = ""] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pids: [Number(pid)], command }];
  });
}
