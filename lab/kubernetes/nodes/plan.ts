/** Which real nodes a lab has, and their names, folders and addresses. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabSettings } from "../../settings.ts";

/** Most nodes that a lab's part of the address range has room for. */
export const mostNodes = 20;

/** Where demonstrations run what stands for the world outside, so that the other nodes may lose their power. */
export const outsideNode = "node-0";

/** A node that runs containers, in namespaces of its own. */
export interface RealNode {
  readonly name: string;
  readonly index: number;
  /** Its network namespace. */
  readonly netns: string;
  /** Its address towards the other nodes and the host. */
  readonly address: string;
  /** What survives a restart: containerd's images, the kubelet's folder, logs. */
  readonly data: string;
  /** Configuration files, written at each start. */
  readonly etc: string;
}

/** Addresses of the nodes' network. */
interface NodeNetwork {
  /** 32 addresses of 198.18.0.0/16, with a third byte that no lab's public network has. */
  readonly cidr: string;
  /** Of the bridge between the nodes, through which the host reaches them. */
  readonly router: string;
  /** The same in every node: there a forwarder offers the API server and the registry, which listen on the host's loopback. */
  readonly services: string;
  /** Of the router, on the same bridge: Routes and Ingresses answer there. */
  readonly ingress: string;
  readonly host: string;
  /** Addresses of Services of type LoadBalancer: a range of 198.19.0.0/16 for each lab. */
  readonly balanced: string;
  /** Network namespace of the bridge. */
  readonly netns: string;
  /** The host's end of its link to the bridge. */
  readonly link: string;
}

const prefixLength = 27;
const size = 2 ** (32 - prefixLength);

/** 0 for a lab on port 10000, 1 on 10100. */
const indexOf = (lab: LabSettings): number => lab.firstPort / 100 - 100;

function addressAt(lab: LabSettings, offset: number): string {
  // Public networks of labs have the third bytes 100 to 255 and 0 to 64.
  const index = indexOf(lab);
  return `198.18.${65 + Math.floor(index / 8)}.${(index % 8) * size + offset}`;
}

export function nodeNetwork(lab: LabSettings): NodeNetwork {
  return {
    cidr: `${addressAt(lab, 0)}/${prefixLength}`,
    router: addressAt(lab, 1),
    services: addressAt(lab, 2),
    ingress: addressAt(lab, 3),
    host: addressAt(lab, size - 2),
    balanced: `198.19.${indexOf(lab)}.0/24`,
    netns: `${lab.netns}-nodes`,
    link: `${lab.netns}-n`,
  };
}

const choiceFile = (lab: LabSettings): string => path.join(lab.dir, "real-nodes");

/** The lab's real nodes; none if kwok simulates them. */
export function realNodes(lab: LabSettings): RealNode[] {
  const file = choiceFile(lab);
  const count = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return Array.from({ length: count }, (_, index) => nodeAt(lab, index));
}

function nodeAt(lab: LabSettings, index: number): RealNode {
  const name = `node-${index}`;
  return {
    name,
    index,
    netns: `${lab.netns}-${name}`,
    address: addressAt(lab, 4 + index),
    data: path.join(lab.dir, "data", "nodes", name),
    etc: path.join(lab.dir, "etc", "nodes", name),
  };
}

/** Whether the lab's nodes are chosen: its cluster exists, running or not, or the next start makes it. */
export const hasNodes = (lab: LabSettings): boolean => hasCluster(lab) || existsSync(choiceFile(lab));

const upstreamFile = (lab: LabSettings): string => path.join(lab.dir, "upstream-images");

/** Whether the images' own registries are asked first. */
export const asksUpstream = (lab: LabSettings): boolean => existsSync(upstreamFile(lab));

/** Asks the images' own registries first, until the lab is wiped. */
export function askUpstream(lab: LabSettings): void {
  writeFileSync(upstreamFile(lab), "");
}

const foreignImagesFile = (lab: LabSettings): string => path.join(lab.dir, "foreign-images.json");

/** Folders of image layouts that the registry has besides the lab's own. */
export function foreignImages(lab: LabSettings): readonly string[] {
  const file = foreignImagesFile(lab);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
}

/** Offers images besides the lab's own, from now on, in place of those offered before. */
export function offerImages(lab: LabSettings, folders: readonly string[]): void {
  writeFileSync(foreignImagesFile(lab), JSON.stringify(folders));
}

/** Whether the lab has a cluster, running or not. */
export const hasCluster = (lab: LabSettings): boolean => existsSync(path.join(lab.dir, "data", "kubernetes"));

/**
 * Sets the number of real nodes (0: kwok simulates two), which the lab keeps until it is wiped. Nodes can be added to a cluster
 * that has real ones.
 * @throws if the lab's cluster has more, or simulated ones, or the number is out of range
 */
export function chooseRealNodes(lab: LabSettings, count: number): void {
  if (!Number.isInteger(count) || count < 0 || count > mostNodes) {
    throw new Error(`--real-nodes is ${count}; give a number up to ${mostNodes}`);
  }
  const now = realNodes(lab).length;
  if (now === count && hasNodes(lab)) return;
  if (hasCluster(lab) && (now === 0 || count < now)) {
    const described = now === 0 ? "simulated nodes" : `${now} real node${now === 1 ? "" : "s"}`;
    throw new Error(`this lab's cluster has ${described}; ORRERY_LAB=${lab.dir} npm run lab -- down --wipe removes it`);
  }
  mkdirSync(lab.dir, { recursive: true });
  writeFileSync(choiceFile(lab), `${count}\n`);
}
