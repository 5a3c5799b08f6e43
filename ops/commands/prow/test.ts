/** `orrery prow test`. */
import { defineCommand } from "../../../cli/command.ts";
import { interruptible } from "../../../lab/interruption.ts";
import { reportFindings } from "../../lib/kube/checks.ts";
import { assertOwnFolder, namedFolder } from "../../lib/prow/artifactsFolder.ts";
import { openEnvironment } from "../../lib/prow/environment.ts";
import {
  convergeOptions,
  deploy,
  prepareCluster,
  removeCluster,
  removeDeployment,
  testNodes,
} from "../../lib/prow/lifecycle.ts";
import { verify, verifyOptions } from "../../lib/prow/verify.ts";
import { stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Runs prepare, converge, verify, cleanup and destroy on the test cluster, in this order. The cluster is removed also if a step fails, and on Ctrl-C when the step has ended.`,
  options: { stack: stackOptions.stack, ...testNodes, ...convergeOptions, ...verifyOptions },
  async run(values) {
    const onLab = { ...values, lab: true, yes: true };
    assertOwnFolder(namedFolder(values));
    let prepared = false;
    return interruptible(
      console.error,
      async ({ requested }) => {
        await prepareCluster(values);
        prepared = true;
        const deployed = requested() ? 0 : await deploy(onLab);
        if (deployed !== 0 || requested()) return deployed;
        const verified = reportFindings(await verify(await openEnvironment(onLab), onLab), { all: false, json: false });
        const removed = requested() ? 0 : await removeDeployment(onLab);
        return verified === 0 ? removed : verified;
      },
      () => (prepared ? removeCluster() : Promise.resolve()), // one that was there before stays
    );
  },
});
