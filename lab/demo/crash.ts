/** Kills the programs of a container without a warning, as a crash or the kernel does when memory is short. */
import { readdirSync, readFileSync } from "node:fs";

/** @param containerID - as a pod's status has it: `containerd://...` */
export function crash(containerID: string): void {
  const id = containerID.split("//")[1] ?? containerID;
  for (const pid of processesOf(id)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended meanwhile
    }
  }
}

/** Processes of a container, by their control group. */
function processesOf(id: string): readonly number[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => groupOf(pid).includes(id)).map(Number);
}

function groupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}
