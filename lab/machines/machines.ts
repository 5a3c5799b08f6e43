/** The machines' network and boot image. Nova's driver starts the machines themselves. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { installPackages } from "../openstack/packages.ts";
import { environment, python, script } from "../openstack/services.ts";
import type { Health, LabComponent } from "../component.ts";
import { type Daemon, runningPid, start, stop } from "../process.ts";
import type { LabSettings } from "../settings.ts";
import { machineImage, mayMount } from "./image.ts";
import { addresses, makeNetwork, removeNetwork, uplink } from "./namespace.ts";

export { uploadImages } from "./upload.ts";

/** Tools that build the image, and those that run machines. */
const packages = [
  "debootstrap",
  "e2fsprogs",
  "qemu-utils",
  "qemu-system-x86",
  "genisoimage",
  "nftables",
  "iproute2",
  "python3-openvswitch",
];
/** Shutdown timeout of machines, in seconds; busy emulated ones are slow. */
const shutdownSeconds = 60;

export const machines: LabComponent = {
  name: "machines",
  async install(log) {
    await installPackages(packages, log);
    if (mayMount()) await machineImage(log);
    else
      log(
        "machine image: nothing may be mounted here, as while a container is built; the first start builds it (10 min)",
      );
  },
  async up(lab) {
    await makeNetwork(lab);
    for (const daemon of daemons(lab)) start(lab.dir, daemon);
  },
  async down(lab) {
    if (running(lab).length > 0) {
      await promisify(execFile)(python, [script("machine"), String(shutdownSeconds)], { env: environment(lab) });
    }
    await Promise.all(daemons(lab).map(({ name }) => stop(lab.dir, name)));
    await removeNetwork(lab);
  },
  health: (lab) => Promise.resolve([...daemons(lab).map(({ name }) => healthOf(lab, name)), machinesHealth(lab)]),
};

/** The agent that configures the network from Neutron, and the proxy from machines to the lab's services. */
function daemons(lab: LabSettings): Daemon[] {
  const file = (name: string): string => path.join(import.meta.dirname, `${name}.py`);
  const env = { ...environment(lab), ORRERY_UPLINK: uplink, ORRERY_SERVICES: addresses(lab).services };
  return [
    {
      name: "machines-network",
      command: "nsenter",
      args: [`--net=/run/netns/${lab.netns}`, python, file("network")],
      env,
    },
    { name: "machines-services", command: python, args: [file("services")], env },
  ];
}

function healthOf(lab: LabSettings, name: string): Health {
  const healthy = runningPid(lab.dir, name) !== undefined;
  return { name, healthy, detail: healthy ? `in ${lab.netns}` : "not running; npm run lab -- up starts it" };
}

function machinesHealth(lab: LabSettings): Health {
  const healthy = existsSync(`/run/netns/${lab.netns}`);
  const detail = healthy ? `${running(lab).length} running` : "no network namespace; npm run lab -- up creates it";
  return { name: "machines", healthy, detail };
}

/** IDs of the servers that are running. One that was just being started has no complete pid file yet; machine.py finds it. */
function running(lab: LabSettings): string[] {
  const folder = path.join(lab.dir, "run");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.startsWith("vm-"));
  const begun = files.filter((name) => name.endsWith(".pid.new")).map((name) => name.slice(0, -8));
  const names = files.filter((name) => name.endsWith(".pid")).map((name) => name.slice(0, -4));
  return [...names.filter((name) => runningPid(lab.dir, name) !== undefined), ...begun];
}
