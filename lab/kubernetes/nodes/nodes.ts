/** Real nodes: containerd, kubelet and kube-proxy in namespaces of their own, as many on one machine as are wanted. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import type { Log } from "../../component.ts";
import { ensureImages } from "../../images/build.ts";
import { isOwn } from "../../machines/namespace.ts";
import { installPackages } from "../../openstack/packages.ts";
import { answers, answersDns, assertRuns, logFile, runningPid, start, stop, waitUntilReady } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import { ensureNodePrograms, type NodePrograms } from "../../toolchain/nodePrograms.ts";
import { type KubeApi, kubeApi, type KubeObject } from "../api.ts";
import { writeEgress } from "./apiServer.ts";
import { podAdmission } from "./admission.ts";
import { writeNetworkConfig, writeNodeFiles } from "./config.ts";
import { makeCredentials, nodeCredentials } from "./credentials.ts";
import { innerDaemons, nodeDaemonNames, sharedDaemons } from "./daemons.ts";
import { dnsObjects } from "./dns.ts";
import { chooseFamilies } from "./families.ts";
import { firstProcess, groupName, readyFile } from "./first.ts";
import { leaveRoot, makeGroups, removeGroups } from "./groups.ts";
import { nodesHealth } from "./health.ts";
import { makeNodeNetwork, removeNodeNetwork, routePods } from "./network.ts";
import { asksUpstream, nodeNetwork, realNodes, type RealNode } from "./plan.ts";
import { writeResolver } from "./resolver.ts";
import { probePackages, requireFeatures } from "./requirements.ts";
import { authorityFile, makeAuthority } from "../router/certificates.ts";
import { routerNamespace } from "../router/objects.ts";
import { namesFolder, routerFile } from "../router/router.ts";

/** Tools that nodes call, the router, and openssl for certificates. */
const packages = [...probePackages, "haproxy", "openssl"];

/** Seconds until a process that does not end counts as hanging: an idle machine takes one or two, a busy one a minute. */
const startTimeout = 300;

/** Checks the machine, and installs and builds what is missing. @throws naming a missing kernel feature */
export async function installNodes(lab: LabSettings, log: Log): Promise<NodePrograms> {
  await requireFeatures(log);
  await installPackages(asksUpstream(lab) ? [...packages, "skopeo"] : packages, log);
  chooseFamilies(lab);
  const programs = await ensureNodePrograms(log);
  await ensureImages(programs, log);
  return programs;
}

/** Before the API server starts: its credentials for nodes, and the network through which it reaches them. */
export async function prepareNodes(lab: LabSettings): Promise<void> {
  await makeCredentials(lab);
  await makeAuthority(lab);
  writeEgress(lab);
  await makeNodeNetwork(lab, realNodes(lab));
}

/** What a node has without the API server, which may start meanwhile: its first process and containerd, which looks through what it had. */
export async function startContainerds(lab: LabSettings, programs: NodePrograms): Promise<void> {
  await Promise.all(realNodes(lab).map((node) => startContainerd(lab, node, programs)));
}

/** Starts what does not run, and waits until every node is ready and the cluster's DNS answers. */
export async function startNodes(lab: LabSettings, programs: NodePrograms, log: Log): Promise<void> {
  const api = kubeApi(lab);
  const nodes = realNodes(lab);
  const missing = [...sharedNames(lab), ...nodes.flatMap(nodeDaemonNames)].filter((name) => !runs(lab, name));
  if (missing.length > 0) log(`Kubernetes: starting ${nodes.length} real node${nodes.length === 1 ? "" : "s"}`);
  const ranges = new Map<string, readonly string[]>();
  await Promise.all([
    startShared(lab, api),
    ...nodes.map(async (node) => {
      startKubelet(lab, node, programs);
      const path = `/api/v1/nodes/${node.name}`;
      await waitFor(lab, `${node.name}-kubelet`, async () => {
        const given = (await api.find<Node>(path))?.spec.podCIDRs ?? [];
        ranges.set(node.name, given);
        return given.length > 0;
      });
      writeNetworkConfig(node, ranges.get(node.name) ?? []);
      // A kubelet must not give itself this label.
      await api.patch(path, { metadata: { labels: { "node-role.kubernetes.io/worker": "" } } });
    }),
  ]);
  await routePods(lab, nodes, ranges);
  await Promise.all([...podAdmission, ...dnsObjects(namesFolder(lab))].map((object) => api.apply(object)));
  const daemons = nodes.flatMap(nodeDaemonNames);
  const ended = (): boolean => daemons.some((name) => !runs(lab, name));
  const ready = async (): Promise<boolean> => (await nodesHealth(lab)).every(({ healthy }) => healthy);
  const hint = "npm run lab -- status shows what is missing";
  await waitUntilReady("the real nodes", startTimeout, async () => ended() || (await ready()), hint);
  for (const name of daemons) assertRuns(lab.dir, name);
}

interface Node extends KubeObject {
  readonly spec: { readonly podCIDRs?: readonly string[] };
}

/** What serves all nodes, until it answers. */
async function startShared(lab: LabSettings, api: KubeApi): Promise<void> {
  await api.apply(routerNamespace);
  mkdirSync(namesFolder(lab), { recursive: true, mode: 0o755 });
  // The controller writes it first: later its signal might meet a router that is just starting.
  if (!runs(lab, "nodes-controller")) rmSync(routerFile(lab), { force: true });
  writeResolver(lab);
  for (const daemon of sharedDaemons(lab)) {
    if (daemon.name === "router") await waitFor(lab, "nodes-controller", () => existsSync(routerFile(lab)));
    start(lab.dir, daemon);
  }
  await waitFor(lab, "nodes-controller", () => answers(`http://127.0.0.1:${lab.ports.registry}/v2/`));
  await waitFor(lab, "router", () => answers(`http://${nodeNetwork(lab).ingress}/`));
  await waitFor(lab, "resolver", () => answersDns(lab.ports.names));
}

async function startContainerd(lab: LabSettings, node: RealNode, programs: NodePrograms): Promise<void> {
  const written = writeNodeFiles(lab, node, programs, nodeCredentials(lab), authorityFile(lab));
  if (!runs(lab, node.name)) {
    rmSync(readyFile(lab, node), { force: true });
    makeGroups(groupName(node));
    start(lab.dir, firstProcess(lab, node));
    // Those of an earlier first process have ended with it; their pid files may name what is about to end.
    await Promise.all(
      nodeDaemonNames(node)
        .slice(1)
        .map((name) => stop(lab.dir, name)),
    );
  }
  // Also of one that runs already: its start may have been interrupted here.
  await waitFor(lab, node.name, () => existsSync(readyFile(lab, node)));
  leaveRoot(groupName(node));
  // kube-proxy ends by itself when its file changes, and the kubelet goes on with the old one.
  const outdated = ["kubelet", "proxy"].filter((name) => written.some((file) => file.startsWith(`${name}.`)));
  await Promise.all(outdated.map((name) => stop(lab.dir, `${node.name}-${name}`)));
  const { containerd } = innerDaemons(lab, node, programs);
  if (runs(lab, containerd.name)) return;
  const log = logFile(lab.dir, containerd.name);
  const earlier = existsSync(log) ? readFileSync(log).length : 0;
  start(lab.dir, containerd);
  // It listens before it has found the containers of its last run, and the kubelet ends when it meets that.
  await waitFor(lab, containerd.name, () => readFileSync(log).subarray(earlier).includes("successfully booted"));
}

/** The rest of a node whose containerd runs, for an API server that answers. */
function startKubelet(lab: LabSettings, node: RealNode, programs: NodePrograms): void {
  const { kubelet, proxy } = innerDaemons(lab, node, programs);
  for (const daemon of [kubelet, proxy]) start(lab.dir, daemon);
}

/** Stops all nodes with their containers, and removes their links, namespaces and control groups; volumes and images are kept. */
export async function stopNodes(lab: LabSettings): Promise<void> {
  const nodes = realNodes(lab);
  await Promise.all([...nodes.map(({ name }) => name), ...sharedNames(lab)].map((name) => stop(lab.dir, name, 0)));
  await Promise.all(nodes.flatMap(nodeDaemonNames).map((name) => stop(lab.dir, name, 0)));
  // Their names follow the ports, which another checkout's lab may have now.
  await Promise.all(nodes.filter(({ netns }) => isOwn(lab, netns)).map((node) => removeGroups(groupName(node))));
  await removeNodeNetwork(lab, nodes);
}

const sharedNames = (lab: LabSettings): string[] => sharedDaemons(lab).map(({ name }) => name);
const runs = (lab: LabSettings, name: string): boolean => runningPid(lab.dir, name) !== undefined;

/** Waits until `check` holds. @throws if the daemon ends before, with the last line of its log */
async function waitFor(lab: LabSettings, name: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const ended = (): boolean => !runs(lab, name);
  const hint = `see ${logFile(lab.dir, name)}`;
  await waitUntilReady(name, startTimeout, async () => ended() || (await check()), hint);
  assertRuns(lab.dir, name);
}
