/** The processes of the cluster's daemons. */
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "../../../lab/harness/cloud.ts";
import { runningPid } from "../../../lab/process.ts";
import { cluster } from "./cluster.ts";

/** Pid of a daemon's program itself: inside a node that is the child of the process that entered the node. @throws if it does not run */
export async function programOf(daemon: string): Promise<number> {
  const pid = runningPid(cluster.dir, daemon);
  if (pid === undefined) throw new Error(`${daemon} does not run`);
  if (!/^node-\d+-/.test(daemon)) return pid;
  const [child] = await eventually(
    `the program of ${daemon}`,
    () => Promise.resolve(readdirSync("/proc").filter((entry) => parentOf(entry) === pid)),
    ({ length }) => length === 1,
  );
  return Number(child);
}

function parentOf(entry: string): number | undefined {
  try {
    return /^\d+$/.test(entry)
      ? Number(readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1])
      : undefined;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
