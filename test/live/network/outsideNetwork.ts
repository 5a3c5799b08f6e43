/** Addresses of the world outside a cluster, on the bridge between its nodes: what leaves the cluster arrives there. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import { nodeNetwork, realNodes } from "../../../lab/kubernetes/nodes/plan.ts";
import type { LabSettings } from "../../../lab/settings.ts";
import { worldDatagrams } from "./datagrams.ts";
import { worldPorts } from "./matrix.ts";

const execute = promisify(execFile);
const program = path.join(import.meta.dirname, "outside.ts");

/** The world, until it ends. */
export class Outside {
  private readonly cluster: LabSettings;
  private readonly inside: readonly string[];
  private readonly listeners = new Map<string, ChildProcess>();

  constructor(cluster: LabSettings) {
    this.cluster = cluster;
    this.inside = [`--net=/run/netns/${nodeNetwork(cluster).netns}`];
  }

  /** Gives the world addresses, with listeners on all ports that the matrix tries. */
  async appear(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      if (this.listeners.has(address)) continue;
      await execute("nsenter", [...this.inside, "ip", "address", "replace", `${address}/32`, "dev", "lo"]);
      // No program of a lab may get out: nodes have no way to the world, and the bridge takes only what is for the router.
      const rule = ["inet", "orrery", "input", "iifname", "nodes", "ip", "daddr", address, "accept"];
      await execute("nsenter", [...this.inside, "nft", "insert", "rule", ...rule]);
      for (const { netns } of realNodes(this.cluster)) {
        const way = ["ip", "route", "replace", `${address}/32`, "via", nodeNetwork(this.cluster).router];
        await execute("nsenter", [`--net=/run/netns/${netns}`, ...way]);
      }
      const ports = [...worldPorts.map(String), ...worldDatagrams.map((port) => `${port}/udp`)];
      const words = [...this.inside, process.execPath, program, "listen", address, ...ports];
      const listener = spawn("nsenter", words, { stdio: ["ignore", "pipe", "inherit"] });
      this.listeners.set(address, listener);
      const [first] = (await Promise.race([once(listener.stdout, "data"), once(listener, "exit")])) as unknown[];
      if (!Buffer.isBuffer(first))
        throw new Error(`nobody listens at ${address}: the listener ended with ${String(first)}`);
    }
  }

  /** Ends the listeners; the addresses go with the cluster. */
  end(): void {
    for (const listener of this.listeners.values()) listener.kill();
  }

  /** Those of the targets, `address:port`, that answer a caller from one of the addresses. */
  async call(address: string, targets: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await execute("nsenter", [
      ...this.inside,
      process.execPath,
      program,
      "call",
      address,
      ...targets,
    ]);
    return stdout.split("\n");
  }
}
