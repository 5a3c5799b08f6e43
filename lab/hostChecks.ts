/** What this machine must offer before anything of a lab starts: its ports, and room on the disk. */
import { createServer } from "node:net";
import type { Health } from "./component.ts";
import { kubernetesPorts } from "./kubernetes/daemons.ts";
import { openstackPorts } from "./openstack/services.ts";
import { runningPid } from "./process.ts";
import { roomFor } from "./room.ts";
import type { LabSettings } from "./settings.ts";

/** GB below which databases stop and nodes evict pods, or soon will. */
const leastRoom = 1;

/** @throws naming the first port that another program listens on, or the folder whose disk is full */
export async function checkHost(lab: LabSettings): Promise<void> {
  for (const [daemon, port] of [...openstackPorts(lab), ...kubernetesPorts(lab)]) {
    if (runningPid(lab.dir, daemon) !== undefined || (await isFree(port))) continue;
    const other = lab.firstPort > 31000 ? lab.firstPort - 1000 : lab.firstPort + 1000;
    throw new Error(
      `port ${port} (${daemon}) is taken by another program; stop it, or set ORRERY_PORTS to another multiple of 100, e.g. ${other}`,
    );
  }
  const { healthy, detail } = diskHealth(lab);
  if (!healthy) throw new Error(`the disk is full: ${detail}`);
}

/** The room for the lab's folder, as a row of `lab status`. */
export function diskHealth({ dir }: LabSettings): Health {
  const { folder, gigabytes: free } = roomFor(dir);
  const healthy = free >= leastRoom;
  const detail = healthy
    ? `${free.toFixed(1)} GB free`
    : `only ${free.toFixed(1)} GB are free at ${folder}, ${leastRoom} GB is needed; make room, then npm run lab -- up`;
  return { name: "disk", healthy, detail };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
