/** The commands of the real nodes' processes. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { python } from "../../openstack/services.ts";
import { type Daemon, runningPid } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import type { NodePrograms } from "../../toolchain/nodePrograms.ts";
import { smallHeap } from "../daemons.ts";
import { egressSocket } from "./apiServer.ts";
import { addressesOf } from "./families.ts";
import { groupName } from "./first.ts";
import { daemonFolders } from "./groups.ts";
import { metricsEndpoint } from "./metrics/registration.ts";
import { nodeNetwork, realNodes, type RealNode } from "./plan.ts";
import { resolverDaemon } from "./resolver.ts";
import { routerDaemon } from "../router/router.ts";

/** What each node offers to the scheduler, as the simulated nodes do: the requests are those of large clusters. */
const [processors, memoryBytes] = [64, 256 * 2 ** 30];

/** Names of the daemons of one node, in the order of their start; the first one ends the others. */
export function nodeDaemonNames(node: RealNode): string[] {
  return [node.name, ...["containerd", "kubelet", "proxy"].map((name) => `${node.name}-${name}`)];
}

/** The daemons on the host that serve all nodes, in the order of their start. */
export function sharedDaemons(lab: LabSettings): Daemon[] {
  const nodes = realNodes(lab).map(({ netns }) => netns);
  const { services, netns } = nodeNetwork(lab);
  const ports = [lab.ports.kubernetes, lab.ports.registry].join(",");
  const file = (name: string): string => path.join(import.meta.dirname, name);
  return [
    {
      name: "nodes-forward",
      command: python,
      args: [file("forward.py"), services, ports, egressSocket(lab), metricsEndpoint(lab), netns, ...nodes],
      env: { ...process.env, PYTHONPATH: path.join(import.meta.dirname, "..", "..", "machines") }, // forwarding.py
    },
    {
      name: "nodes-controller",
      command: process.execPath,
      args: ["--max-semi-space-size=4", file("controller.ts")],
      cwd: import.meta.dirname, // in the lab's own folder its settings would be refused
      env: { ...process.env, ORRERY_LAB: lab.dir, ORRERY_PORTS: String(lab.firstPort) },
    },
    resolverDaemon(lab),
    routerDaemon(lab),
  ];
}

/** The daemons inside a node whose first process runs. */
export function innerDaemons(
  lab: LabSettings,
  node: RealNode,
  programs: NodePrograms,
): Record<"containerd" | "kubelet" | "proxy", Daemon> {
  const etc = (name: string): string => path.join(node.etc, name);
  const data = (name: string): string => path.join(node.data, name);
  const PATH = `${programs.runtime}:${programs.runc}:${process.env.PATH ?? ""}`;
  const inside = (name: string, program: string, ...args: string[]): Daemon => ({
    ...enter(lab, node, [program, ...args]),
    name: `${node.name}-${name}`,
    env: { PATH, HOME: "/root", ...smallHeap },
  });
  const program = path.join(programs.node, "node");
  return {
    containerd: inside("containerd", path.join(programs.runtime, "containerd"), "--config", etc("containerd.toml")),
    kubelet: inside(
      "kubelet",
      program,
      "kubelet",
      `--config=${etc("kubelet.yaml")}`,
      `--kubeconfig=${etc("kubelet.kubeconfig")}`,
      `--root-dir=${data("kubelet")}`,
      `--cert-dir=${data("kubelet/pki")}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${addressesOf(lab, node).join(",")}`,
      `--node-labels=topology.kubernetes.io/region=lab,topology.kubernetes.io/zone=lab-${node.index}`,
      `--processors=${processors}`,
      `--memory=${memoryBytes}`,
      "--v=1",
    ),
    proxy: inside("proxy", program, "proxy", `--config=${etc("proxy.yaml")}`, "--v=1"),
  };
}

/**
 * A command inside a node: in its control group, and then in its namespaces. It is killed when the process outside ends.
 * @throws if the node does not run
 */
function enter(lab: LabSettings, node: RealNode, command: readonly string[]): Daemon {
  const join = daemonFolders(groupName(node)).map((folder) => `echo $$ >'${folder}/cgroup.procs'`);
  const script = [...join, 'exec "$@"'].join(" && ");
  const namespaces = ["nsenter", `--target=${firstPid(lab, node)}`, "--all", "--"];
  const args = ["-c", script, "sh", ...namespaces, "setpriv", "--pdeathsig", "KILL", ...command];
  return { name: node.name, command: "sh", args };
}

/** Pid of the first process in a node's namespaces: the child of `unshare`. */
function firstPid(lab: LabSettings, node: RealNode): number {
  const outer = runningPid(lab.dir, node.name);
  const child = readdirSync("/proc").find((entry) => outer !== undefined && parentOf(entry) === outer);
  if (child === undefined) throw new Error(`${node.name} does not run; npm run lab -- up starts it`);
  return Number(child);
}

function parentOf(pid: string): number | undefined {
  try {
    return /^\d+$/.test(pid)
      ? Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1])
      : undefined;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
