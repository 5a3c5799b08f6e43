import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Pid with start time, which tells a process from a later one of the same pid; undefined when it is gone. */
function identity(pid: number): string | undefined {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

/**
 * Takes a lock between processes of this machine; one whose holder has died counts as free.
 * @param waiting is told once if somebody else holds it.
 * @returns what gives it back.
 */
export async function acquire(file: string, waiting: () => void): Promise<() => void> {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(file, identity(process.pid) ?? "", { flag: "wx" });
      return () => {
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderOf(file);
    if (holder === undefined || identity(Number(holder.split(" ")[0])) !== holder) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) waiting();
    told = true;
    await sleep(1000);
  }
}

function holderOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
