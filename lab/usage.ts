/** What a lab takes of the machine: memory and processor of its processes, those in containers and virtual machines included. */
import { readdirSync, readFileSync } from "node:fs";
import type { Health } from "./component.ts";
import { runningDaemons } from "./process.ts";
import type { LabSettings } from "./settings.ts";

/** Clock ticks of a second, in /proc/PID/stat. */
const ticks = 100;

interface Process {
  readonly parent: string;
  /** Seconds of processor time. */
  readonly processor: number;
  /** Seconds from the machine's start to its own. */
  readonly started: number;
}

/** A row with both; none if nothing runs. */
export function usage(lab: LabSettings): Health[] {
  const { memory, processor, processes } = measure(lab);
  if (processes === 0) return [];
  const detail = `${memory.toFixed(1)} GB, ${processor.toFixed(1)} cores on average since its start; ${processes} processes`;
  return [{ name: "memory, processor", healthy: true, detail }];
}

/** GB, cores on average since the first process's start, and number of processes. */
export function measure(lab: LabSettings): {
  readonly memory: number;
  readonly processor: number;
  readonly processes: number;
} {
  const all = allProcesses();
  const own = family(all, [...daemonPids(lab).values()]);
  const started = Math.min(...own.map((pid) => all.get(pid)?.started ?? Infinity));
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const { memory, processor } = sum(all, own);
  return { memory, processor: processor / Math.max(1, uptime - started), processes: own.length };
}

/** What a daemon and all that descend from it take: GB, and seconds of processor time since their start. */
export interface Share {
  readonly memory: number;
  readonly processor: number;
}

/** What each of the lab's daemons takes, by name. */
export function measureDaemons(lab: LabSettings): Readonly<Record<string, Share>> {
  const all = allProcesses();
  return Object.fromEntries([...daemonPids(lab)].map(([name, pid]) => [name, sum(all, family(all, [pid]))]));
}

function sum(all: ReadonlyMap<string, Process>, pids: readonly string[]): Share {
  const processor = pids.reduce((seconds, pid) => seconds + (all.get(pid)?.processor ?? 0), 0);
  return { memory: pids.reduce((bytes, pid) => bytes + memoryOf(pid), 0) / 1e9, processor };
}

function allProcesses(): ReadonlyMap<string, Process> {
  return new Map(
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((pid): [string, Process][] => {
        const found = processOf(pid);
        return found === undefined ? [] : [[pid, found]];
      }),
  );
}

const daemonPids = ({ dir }: LabSettings): ReadonlyMap<string, string> =>
  new Map([...runningDaemons(dir)].map(([name, pid]) => [name, String(pid)]));

/** The processes and all that descend from them. */
function family(all: ReadonlyMap<string, Process>, first: readonly string[]): string[] {
  const children = Map.groupBy(all.keys(), (pid) => all.get(pid)?.parent ?? "");
  const found = new Set<string>();
  const waiting = [...first];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    waiting.push(...(children.get(pid) ?? []));
  }
  return [...found];
}

function processOf(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [user, system, started] = [stat[11], stat[12], stat[19]].map(Number);
    return {
      parent: stat[1] ?? "",
      processor: ((user ?? 0) + (system ?? 0)) / ticks,
      started: (started ?? 0) / ticks,
    };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Proportional set size in bytes: what processes share is counted once. */
function memoryOf(pid: string): number {
  try {
    return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has ended meanwhile
  }
}
