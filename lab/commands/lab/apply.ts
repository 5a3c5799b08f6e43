/** `orrery lab apply`. */
import { defineCommand } from "../../../cli/command.ts";
import { applyStack, realSecrets } from "../../pulumi.ts";
import { openLabFor } from "../../session.ts";
import { sayFailing, waitForWorkloads } from "../../workloads.ts";

export const command = defineCommand({
  usage: "STACK",
  about:
    "Runs pulumi up with a stack's program, retargeted at the lab, and waits for its pods. Exit code 1 if something does not run.",
  options: realSecrets,
  async run(values, [stack]) {
    const run = await openLabFor(stack);
    const status = await applyStack("up", stack, run, values.realSecrets);
    return status === 0 ? sayFailing(await waitForWorkloads(run.lab, run.log)) : status;
  },
});
