/** What MariaDB counts of transactions that stood in each other's way. */
import path from "node:path";
import type { LabSettings } from "../../lab/settings.ts";
import { output } from "../../ops/lib/process.ts";

/** Counters since the server's start. */
export interface Locks {
  /** Circles of waiting transactions, of which MariaDB ended one; the services begin that one again. */
  readonly deadlocks: number;
  /** Waits for a row that another transaction held. */
  readonly waits: number;
  /** The longest of these, in seconds. */
  readonly longest: number;
}

const counters = ["Innodb_deadlocks", "Innodb_row_lock_waits", "Innodb_row_lock_time_max"];

/** Reads the counters. */
export async function locks({ dir }: LabSettings): Promise<Locks> {
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
  return locksOf(said);
}

/** The counters in what the client prints, a name and a number in each line. @throws if one is missing */
export function locksOf(said: string): Locks {
  const found = new Map(said.split("\n").map((line) => line.split("\t") as [string, string]));
  const [deadlocks = NaN, waits = NaN, longest = NaN] = counters.map((name) => Number(found.get(name)));
  if (Number.isNaN(deadlocks + waits + longest)) throw new Error(`MariaDB does not count ${counters.join(", ")}`);
  return { deadlocks, waits, longest: longest / 1000 };
}
