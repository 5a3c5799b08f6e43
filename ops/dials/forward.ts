/** Reaches Flower and the Redis servers from this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { dialsSchema } from "../../components/dials/config.ts";
import { type Command, text, UsageError } from "../command.ts";
import { explain, Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";

const services = {
  flower: { deployment: "flower", port: 5555, local: "5555" },
  broker: { deployment: "redis-etl-broker", port: 6379, local: "6380" },
  cache: { deployment: "redis-web-cache", port: 6379, local: "6381" },
} as const;

/** A tunnel to Flower for the time of a command. */
export interface Tunnel {
  readonly address: string;
  close(): void;
}

/** Opens a tunnel to Flower on a free port. @throws with kubectl's complaint, if there is no ready pod */
export function flowerTunnel(kubectl: Kubectl): Promise<Tunnel> {
  const child: ChildProcess = spawn("kubectl", kubectl.args("port-forward", "deployment/flower", ":5555"), {
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

export const command: Command = {
  help: `Usage: npm run ops -- dials forward flower|broker|cache --stack S [--port N]

Opens a port on this machine to Flower (5555), the ETL's Redis (6380) or the web's (6381), until Ctrl-C.
kubectl picks a ready pod by itself, also during a rollout. Flower's login is FLOWER_BASIC_AUTH of the Secret dials-etl-secrets.

${stackHelp}
${kubectlHelp}
  --port N           another port on this machine`,
  options: { ...stackOptions, ...kubectlOptions, port: { type: "string" } },
  run({ values, words: [name, ...more] }) {
    const service = name !== undefined && name in services ? services[name as keyof typeof services] : undefined;
    if (service === undefined || more.length > 0)
      throw new UsageError(`forward what? one of ${Object.keys(services).join(", ")}`);
    const { settings } = openStack(dialsSchema, values);
    const kubectl = new Kubectl(settings.namespace.name, values);
    return kubectl.foreground([
      "port-forward",
      `deployment/${service.deployment}`,
      `${text(values, "port") ?? service.local}:${service.port}`,
    ]);
  },
};
