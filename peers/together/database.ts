/** What MariaDB counts of its own work and of transactions that stood in each other's way. */
import path from "node:path";
import type { LabSettings } from "../../lab/settings.ts";
import { output } from "../../ops/lib/process.ts";

/** Counters since the server's start. */
export interface Counts {
  /** Circles of waiting transactions, of which MariaDB ended one; the services begin that one again. */
  readonly deadlocks: number;
  /** Waits for a row that another transaction held. */
  readonly waits: number;
  /** The longest of these, in seconds. */
  readonly longest: number;
  /** Tables that were opened, again where they no longer were in the cache. */
  readonly opened: number;
  /** The most connections at once. */
  readonly connections: number;
}

const counters = [
  "Innodb_deadlocks",
  "Innodb_row_lock_waits",
  "Innodb_row_lock_time_max",
  "Opened_table_definitions",
  "Max_used_connections",
];

/** Reads the counters. */
export async function counts({ dir }: LabSettings): Promise<Counts> {
  const socket = `--socket=${path.join(dir, "run", "mysql.sock")}`;
  const wanted = `show global status where variable_name in (${counters.map((name) => `'${name}'`).join(", ")})`;
  const said = await output("mariadb", [
    "--no-defaults",
    socket,
    "--user=root",
    "--batch",
    "--skip-column-names",
    "--execute",
    wanted,
  ]);
  return countsOf(said);
}

/** The counters in what the client prints, a name and a number in each line. @throws if one is missing */
export function countsOf(said: string): Counts {
  const found = new Map(said.split("\n").map((line) => line.split("\t") as [string, string]));
  const numbers = counters.map((name) => Number(found.get(name)));
  if (numbers.some(Number.isNaN)) throw new Error(`MariaDB does not count ${counters.join(", ")}`);
  const [deadlocks, waits, milliseconds, opened, connections] = numbers as [number, number, number, number, number];
  return { deadlocks, waits, longest: milliseconds / 1000, opened, connections };
}

/** What a run adds to the counters; the longest and the most are those since the server's start. */
export function since(before: Counts, after: Counts): Counts {
  return {
    ...after,
    deadlocks: after.deadlocks - before.deadlocks,
    waits: after.waits - before.waits,
    opened: after.opened - before.opened,
  };
}
