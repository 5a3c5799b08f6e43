/** A tunnel to Flower. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { explain, type Kubectl } from "../kube/kubectl.ts";

/** A tunnel to Flower for the time of a command. */
export interface Tunnel {
  readonly address: string;
  close(): void;
}

/** Opens a tunnel to Flower on a free port. @throws with kubectl's complaint, if there is no ready pod */
export function flowerTunnel(kubectl: Kubectl): Promise<Tunnel> {
  const child: ChildProcess = spawn("kubectl", kubectl.args("port-forward", "deployment/flower", ":5555"), {
    env: childEnvironment("kubectl"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.on("error", reject);
    child.on("exit", () => {
      reject(new Error(`no way to Flower: ${explain(complaint)}`));
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve({ address: `http://127.0.0.1:${port}`, close: () => child.kill() });
    });
  });
}
