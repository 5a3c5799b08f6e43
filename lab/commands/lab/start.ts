/** `orrery lab start`, the second half of `npm start`. */
import { defineCommand } from "../../../cli/command.ts";
import { isApplied, remembered } from "../../applied.ts";
import { checkHost } from "../../hostChecks.ts";
import { up } from "../../lab.ts";
import { chooseNodes, nodeOptions } from "../../nodeChoice.ts";
import { watchProcessors } from "../../processors.ts";
import { applyStack } from "../../pulumi.ts";
import { log, openLab } from "../../session.ts";
import { labSettings } from "../../settings.ts";
import { summary } from "../../summary.ts";
import { sayFailing, waitForWorkloads } from "../../workloads.ts";

export const command = defineCommand({
  about:
    "Starts the lab, runs pulumi up with the test stack on it where something changed, waits for its pods, and prints what runs where. Exit code 1 if something does not run.",
  options: nodeOptions,
  async run(asked) {
    const busy = watchProcessors();
    const settings = labSettings();
    await checkHost(settings);
    await chooseNodes(settings, asked, log);
    const run = await openLab();
    await up(run.lab, run.toolchain, run.log);
    if (isApplied(run, "test")) {
      run.log("pulumi up has nothing to do: program, settings and state are those of the last one");
    } else {
      const status = await remembered(run, "test", () => applyStack("up", "test", run));
      if (status !== 0) return status;
    }
    const [failing, text] = await Promise.all([waitForWorkloads(run.lab, run.log), summary(run)]);
    if (failing.length === 0) run.log(`done (${busy()} meanwhile)`);
    console.log(text);
    return sayFailing(failing);
  },
});
