/** The stage stack's systems on real nodes: every pod runs the image that it names, and the containers answer for themselves. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { createLabFolder, removeLabFolder } from "../../lab/folder.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { files } from "../../lab/kubernetes/files.ts";
import { kubernetes } from "../../lab/kubernetes/kubernetes.ts";
import { chooseRealNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { root } from "../../lab/settings.ts";
import { ensureToolchain, toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { api, cluster, isDone, openStack, type Pod, up } from "./images/stack.ts";

const quiet = (): void => undefined;

/** Output of kubectl. @throws with its stderr */
async function kubectl(namespace: string, ...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, KUBECONFIG: files(cluster).kubeconfig }, timeout: 90_000 };
  const program = path.join(toolchainFolders().bin, "kubectl");
  return (await promisify(execFile)(program, ["-n", namespace, ...args], options)).stdout;
}
const inContainer = (namespace: string, workload: string, ...command: readonly string[]): Promise<string> =>
  kubectl(namespace, "exec", workload, "--", ...command);

describe("images on real nodes", function () {
  this.timeout(1_500_000);
  let part: ReturnType<typeof kubernetes>;

  before(async () => {
    const toolchain = await ensureToolchain(quiet);
    part = kubernetes(toolchain);
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
    createLabFolder(cluster.dir, root);
    chooseRealNodes(cluster, 3);
    await part.up(cluster, console.log);
    const target = await openStack("stage", toolchain);
    const { code, text } = await up(target);
    assert.equal(code, 0, text);
  });
  after(async () => {
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
  });
});
