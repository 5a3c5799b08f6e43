/** kubectl in the demonstrations' cluster, called as an operator does. */
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { kubernetesEnv } from "../kubernetes/kubernetes.ts";
import { endsWithUs } from "../process.ts";
import type { Run } from "../pulumi.ts";

const programOf = ({ toolchain }: Run): string => path.join(toolchain.bin, "kubectl");
const environmentOf = ({ lab }: Run): NodeJS.ProcessEnv => ({ ...process.env, ...kubernetesEnv(lab) });

/** What kubectl prints. @throws with its stderr */
export async function kubectl(run: Run, namespace: string, words: readonly string[]): Promise<string> {
  const options = { env: environmentOf(run), timeout: 120_000, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(programOf(run), ["-n", namespace, ...words], options);
  return stdout;
}

/** What one of a pod's programs prints. @throws with its stderr */
export const execute = (run: Run, namespace: string, words: readonly string[]): Promise<string> =>
  kubectl(run, namespace, ["exec", ...words]);

/** A port of this machine that leads into a pod. */
export interface Forwarded {
  readonly port: number;
  readonly close: () => void;
}

/** Forwards a free port of this machine, as `kubectl port-forward` does. @throws if it ends before it listens */
export function forward(run: Run, namespace: string, target: string, port: number): Promise<Forwarded> {
  const [command, args] = endsWithUs(programOf(run), ["-n", namespace, "port-forward", target, `:${port}`]);
  const child = spawn(command, args, { env: environmentOf(run), stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const [, own] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (own !== undefined) resolve({ port: Number(own), close: () => child.kill() });
    });
    child.on("error", reject);
    child.on("exit", () => {
      reject(new Error(`kubectl port-forward ${target} ended: ${said.trim()}`));
    });
  });
}
