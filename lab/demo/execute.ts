/** Programs inside a demonstration's pods, called as an operator does. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { kubernetesEnv } from "../kubernetes/kubernetes.ts";
import type { Run } from "../pulumi.ts";

/** What kubectl prints. @throws with its stderr */
export async function kubectl({ lab, toolchain }: Run, namespace: string, words: readonly string[]): Promise<string> {
  const env = { ...process.env, ...kubernetesEnv(lab) };
  const program = path.join(toolchain.bin, "kubectl");
  const { stdout } = await promisify(execFile)(program, ["-n", namespace, ...words], { env, timeout: 120_000 });
  return stdout;
}

/** What one of a pod's programs prints. @throws with its stderr */
export const execute = (run: Run, namespace: string, words: readonly string[]): Promise<string> =>
  kubectl(run, namespace, ["exec", ...words]);
