/** A cluster with two real nodes next to the lab under test, and ways to ask it and the programs in its containers. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { after, before } from "mocha";
import type { LabComponent } from "../../../lab/component.ts";
import { createLabFolder, removeLabFolder } from "../../../lab/folder.ts";
import { eventually, lab } from "../../../lab/harness/cloud.ts";
import { kubeApi } from "../../../lab/kubernetes/api.ts";
import { files } from "../../../lab/kubernetes/files.ts";
import { kubernetes } from "../../../lab/kubernetes/kubernetes.ts";
import { chooseRealNodes } from "../../../lab/kubernetes/nodes/plan.ts";
import { labSettings, root } from "../../../lab/settings.ts";
import { ensureToolchain, toolchainFolders } from "../../../lab/toolchain/toolchain.ts";

/** Its ports are the 100 next to the lab's. */
export const cluster = labSettings({
  ORRERY_LAB: `${lab.dir}-pods`,
  ORRERY_PORTS: String(lab.firstPort + (lab.firstPort < 32000 ? 100 : -100)),
});

export const api = kubeApi(cluster);
export const namespace = "pods";

/**
 * A cluster of its own before the tests of a suite, which is removed after them.
 * @param disk - GB of a disk of its own for the cluster's folder @returns the component that started it
 */
export function useRealNodes(
  count: number,
  labels: Readonly<Record<string, string>> = {},
  disk?: number,
): () => LabComponent {
  let part: LabComponent | undefined;
  const started = (): LabComponent => {
    if (part === undefined) throw new Error("the cluster starts before the tests");
    return part;
  };
  before(async () => {
    part = kubernetes(await ensureToolchain(quiet));
    await part.down(cluster);
    spawnSync("umount", ["--quiet", cluster.dir]); // the disk of a run that was killed
    removeLabFolder(cluster.dir, root);
    createLabFolder(cluster.dir, root);
    if (disk !== undefined) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${disk}G`, "tmpfs", cluster.dir]);
      createLabFolder(cluster.dir, root);
    }
    chooseRealNodes(cluster, count);
    await part.up(cluster, quiet);
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
    await eventually(
      "the service account",
      () => api.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  });
  after(async () => {
    await started().down(cluster);
    if (disk !== undefined) execFileSync("umount", [cluster.dir]);
    removeLabFolder(cluster.dir, root);
  });
  return started;
}

/** Progress that nobody reads. */
export const quiet = (): void => undefined;

/** Output of kubectl in the tests' namespace. @throws with its stderr */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, KUBECONFIG: files(cluster).kubeconfig }, timeout: 120_000 };
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
