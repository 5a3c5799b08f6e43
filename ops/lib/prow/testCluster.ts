/** The test cluster: a Kubernetes of the lab's kind, with nothing in it but Prow. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { retarget } from "../../../lab/retarget.ts";
import { keepSystems } from "../../../config/stackEdit.ts";
import { stackPath } from "../../../config/stackFile.ts";
import { kubernetes } from "../../../lab/kubernetes/kubernetes.ts";
import type { Log } from "../../../lab/component.ts";
import { createPrerequisites } from "../../../lab/prerequisites.ts";
import { chooseNodes, nodesFor } from "../../../lab/nodeChoice.ts";
import { environment, labTarget } from "../../../lab/pulumi.ts";
import { removeLabFolder } from "../../../lab/folder.ts";
import { claim } from "../../../lab/lab.ts";
import { labNextTo, labSettings, root } from "../../../lab/settings.ts";
import { ensureToolchain, toolchainFolders } from "../../../lab/toolchain/toolchain.ts";
import { passphraseOf } from "../secrets.ts";

/** What prepare recorded. */
interface Prepared {
  readonly stack: string;
  /** When, in ISO 8601. */
  readonly at: string;
}

/** The test cluster of this checkout. */
export function testCluster() {
  const lab = labNextTo(labSettings(), "prow");
  const marker = path.join(lab.dir, "prepared.json");
  const read = (): Prepared | undefined =>
    existsSync(marker) ? (JSON.parse(readFileSync(marker, "utf8")) as Prepared) : undefined;
  const fileOf = (stack: string): string => path.join(lab.dir, `Pulumi.${stack}.yaml`);

  return {
    lab,
    read,
    /** File of the stack on the cluster. @throws if prepare was not run for it */
    prepared(stack: string): { readonly file: string } {
      const found = read();
      if (found?.stack !== stack) {
        const other =
          found === undefined ? "there is no test cluster" : `the test cluster was prepared for ${found.stack}`;
        throw new Error(`${other}; npx orrery prow prepare --stack ${stack} creates one`);
      }
      return { file: fileOf(stack) };
    },
    /** Starts the cluster and records its stack. @throws naming each kernel feature that real nodes lack, unless `fakeNodes` is set */
    async make(stack: string, fakeNodes: boolean, log: Log): Promise<void> {
      const realNodes = fakeNodes ? undefined : nodesFor(stack);
      await chooseNodes(lab, { realNodes, fakeNodes, upstreamImages: false }, log);
      const toolchain = await ensureToolchain(log);
      await claim(lab);
      const source = `${fileOf(stack)}.source`;
      writeFileSync(source, keepSystems(readFileSync(stackPath(stack), "utf8"), ["clusters", "prow"]));
      const { prerequisites } = retarget(source, fileOf(stack), labTarget(lab), passphraseOf(stack), true);
      rmSync(source);
      await kubernetes(toolchain).up(lab, log);
      await createPrerequisites(prerequisites, lab, log);
      writeFileSync(marker, JSON.stringify({ stack, at: new Date().toISOString() } satisfies Prepared));
    },
    /** Variables for Pulumi and kubectl. */
    async env(stack: string): Promise<Record<string, string>> {
      const log = (): void => undefined;
      return environment({ lab, toolchain: await ensureToolchain(log), log }, stack);
    },
    /** Stops the cluster and removes everything about it. */
    async remove(): Promise<void> {
      await kubernetes(toolchainFolders()).down(lab);
      removeLabFolder(lab.dir, root);
    },
  };
}
