/** The way to Flower through the cluster. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { explain, type Kubectl } from "../kube/kubectl.ts";
import type { Way } from "./flower.ts";

/** A tunnel for the time of a command. It is opened when it is needed, and again when Flower's pod was replaced. */
export class FlowerTunnel implements Way {
  private open: { readonly child: ChildProcess; readonly address: string } | undefined;
  private readonly kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.kubectl = kubectl;
  }

  /** Its address on a free port. @throws with kubectl's complaint, if there is no ready pod */
  async address(): Promise<string> {
    if (this.open === undefined || hasEnded(this.open.child)) this.open = await forward(this.kubectl);
    return this.open.address;
  }

  close(): void {
    if (this.open !== undefined && !hasEnded(this.open.child)) this.open.child.kill();
    this.open = undefined;
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function forward(kubectl: Kubectl): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn("kubectl", kubectl.args("port-forward", "deployment/flower", ":5555"), {
    env: childEnvironment("kubectl"),
    stdio: ["ignore", "pipe", "pipe"],
    // A terminal's Ctrl-C would end it before the workers are back on their queues.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.on("error", reject);
    child.on("exit", () => {
      reject(new Error(`no way to Flower: ${explain(complaint)}`));
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve({ child, address: `http://127.0.0.1:${port}` });
    });
  });
}
