/** A cluster with two real nodes next to the lab under test, and ways to ask it and the programs in its containers. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { lab } from "../../../lab/harness/cloud.ts";
import { kubeApi } from "../../../lab/kubernetes/api.ts";
import { files } from "../../../lab/kubernetes/files.ts";
import { labSettings } from "../../../lab/settings.ts";
import { toolchainFolders } from "../../../lab/toolchain/toolchain.ts";

/** Its ports are the 100 next to the lab's. */
export const cluster = labSettings({
  ORRERY_LAB: `${lab.dir}-pods`,
  ORRERY_PORTS: String(lab.firstPort + (lab.firstPort < 32000 ? 100 : -100)),
});

export const api = kubeApi(cluster);
export const namespace = "pods";

/** Output of kubectl in the tests' namespace. @throws with its stderr */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, KUBECONFIG: files(cluster).kubeconfig }, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(
    path.join(toolchainFolders().bin, "kubectl"),
    ["-n", namespace, ...args],
    options,
  );
  return stdout;
}

/** Output of a command in a pod. @throws if it fails */
export const inPod = (pod: string, ...command: readonly string[]): Promise<string> =>
  kubectl("exec", pod, "--", ...command);

/** Whether a command in a pod succeeds. */
export const succeeds = (pod: string, ...command: readonly string[]): Promise<boolean> =>
  inPod(pod, ...command).then(
    () => true,
    () => false,
  );
