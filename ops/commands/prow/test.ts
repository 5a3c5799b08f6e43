/** `orrery prow test`. */
import { defineCommand } from "../../../cli/command.ts";
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
  about: `Runs prepare, converge, verify, cleanup and destroy on the test cluster, in this order. The cluster is removed also if a step fails.`,
  options: { stack: stackOptions.stack, ...testNodes, ...convergeOptions, ...verifyOptions },
  async run(values) {
    const onLab = { ...values, lab: true, yes: true };
    assertOwnFolder(namedFolder(values));
    await prepareCluster(values);
    try {
      const deployed = await deploy(onLab);
      if (deployed !== 0) return deployed;
      const verified = reportFindings(await verify(await openEnvironment(onLab), onLab), { all: false, json: false });
      const removed = await removeDeployment(onLab);
      return verified === 0 ? removed : verified;
    } finally {
      await removeCluster();
    }
  },
});
