/** What a lab takes of the machine: memory and processor of its processes, those in containers and virtual machines included. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Health } from "./component.ts";
import { runningPid } from "./process.ts";
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
  const all = new Map(
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((pid): [string, Process][] => {
        const found = processOf(pid);
        return found === undefined ? [] : [[pid, found]];
      }),
  );
  const own = family(all, daemonPids(lab));
  const started = Math.min(...own.map((pid) => all.get(pid)?.started ?? Infinity));
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const processor = own.reduce((sum, pid) => sum + (all.get(pid)?.processor ?? 0), 0) / Math.max(1, uptime - started);
  const memory = own.reduce((sum, pid) => sum + memoryOf(pid), 0) / 1e9;
  return { memory, processor, processes: own.length };
}

function daemonPids({ dir }: LabSettings): string[] {
  const run = path.join(dir, "run");
  if (!existsSync(run)) return [];
  const names = readdirSync(run).filter((file) => file.endsWith(".pid"));
  return names.flatMap((file) => runningPid(dir, file.slice(0, -".pid".length)) ?? []).map(String);
}

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
