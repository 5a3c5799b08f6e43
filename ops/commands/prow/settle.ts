/** `orrery prow settle`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions, inCluster, openEnvironment } from "../../lib/prow/environment.ts";
import { readyOptions, waitUntilReady } from "../../lib/prow/ready.ts";

export const command = defineCommand({
  about: `Waits until every pod of Prow's namespace is ready. Every Deployment must have its pods, every container must be ready and none may
restart between two attempts; finished pods of CronJobs are ignored. Exit code 1 if they do not become ready.`,
  options: { ...environmentOptions, ...readyOptions },
  async run({ tries, every, ...values }) {
    const environment = await openEnvironment(values);
    const waiting = await inCluster(environment, values, (kubectl, inside) =>
      waitUntilReady(kubectl, inside, tries, every, console.log),
    );
    console.log(waiting.length === 0 ? "settled" : waiting.map((one) => `WRONG  ${one}`).join("\n"));
    return waiting.length === 0 ? 0 : 1;
  },
});
