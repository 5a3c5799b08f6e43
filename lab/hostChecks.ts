/** What this machine must offer a lab: ports, room on the disk, memory; and programs that only single commands use. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { chromium } from "./browser.ts";
import type { Health } from "./component.ts";
import { recordedPort } from "./folder.ts";
import { kubernetesPorts } from "./kubernetes/daemons.ts";
import { openstackPorts } from "./openstack/services.ts";
import { runningDaemons, runningPid } from "./process.ts";
import { roomFor } from "./room.ts";
import type { LabSettings } from "./settings.ts";

/** GB below which databases stop and nodes evict pods, or soon will. */
const leastRoom = 1;

/** GB that both clouds take with all containers of the test stack, with what a start takes above that (docs/lab.md). */
const wholeStack = 6.5;

/** @throws if the folder's lab runs on other ports than those that are set: its links and namespaces are named after them */
export function assertKeepsPorts({ dir, firstPort }: LabSettings): void {
  const own = recordedPort(dir);
  if (own === undefined || Number(own) === firstPort || runningDaemons(dir).size === 0) return;
  throw new Error(
    `the lab in ${dir} runs on the ports from ${own}, and ORRERY_PORTS is ${firstPort}: unset it, or name that lab's folder by ORRERY_LAB`,
  );
}

/** @throws naming the first port that another program listens on, or the folder whose disk is full; or as {@link assertKeepsPorts} does */
export async function checkHost(lab: LabSettings): Promise<void> {
  assertKeepsPorts(lab);
  const [problem] = await portProblems(lab);
  if (problem !== undefined) throw new Error(problem);
  const { healthy, detail } = diskHealth(lab);
  if (!healthy) throw new Error(`the disk is full: ${detail}`);
}

/** What to say about each of the lab's ports that another program listens on. */
export async function portProblems(lab: LabSettings): Promise<readonly string[]> {
  const other = lab.firstPort > 31000 ? lab.firstPort - 1000 : lab.firstPort + 1000;
  const problems: string[] = [];
  for (const [daemon, port] of [...openstackPorts(lab), ...kubernetesPorts(lab)]) {
    if (runningPid(lab.dir, daemon) !== undefined || (await isFree(port))) continue;
    problems.push(
      `port ${port} (${daemon}) is taken by another program; stop it, or set ORRERY_PORTS to another multiple of 100, e.g. ${other}`,
    );
  }
  return problems;
}

/** What to say where memory is short. @param available - GB, with what the lab itself has */
export function memoryProblems(available: number): readonly string[] {
  if (available >= wholeStack) return [];
  return [
    `Only ${available.toFixed(1)} GB of memory are available: the lab with all containers of the test stack takes ${wholeStack} GB; end other programs, or run no containers (--fake-nodes).`,
  ];
}

/** A sentence for each program that a single command would use and that is missing, with what to do. @param searchPath - as in PATH */
export function missingPrograms(searchPath = process.env.PATH ?? ""): readonly string[] {
  const hasSkopeo = searchPath.split(":").some((folder) => existsSync(path.join(folder, "skopeo")));
  return [
    ...(hasSkopeo
      ? []
      : ["skopeo is missing: a start with --upstream-images installs it, or apt-get install skopeo does."]),
    ...(chromium(searchPath) === undefined
      ? ["Chromium is missing: npm run lab -- browse prints a line for curl; apt-get install chromium."]
      : []),
  ];
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
