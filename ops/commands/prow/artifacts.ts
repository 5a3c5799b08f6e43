/** `orrery prow artifacts`. */
import { defineCommand } from "../../../cli/command.ts";
import { artifactsOptions, collect } from "../../lib/prow/artifacts.ts";
import { environmentOptions, openEnvironment } from "../../lib/prow/environment.ts";

export const command = defineCommand({
  about: `Collects what shows why something does not work. That is all objects of Prow's namespace (compressed), addresses and ports, events, roles and
bindings of both namespaces, ProwJobs, each pod's description, logs and connections, and this machine's connections. No Secret is
collected. What cannot be collected is listed, also in not-collected.txt; exit code 1 if the
cluster does not answer.`,
  options: { ...environmentOptions, ...artifactsOptions },
  async run(values) {
    const { folder, failures, reached } = await collect(await openEnvironment(values), values);
    console.log(`artifacts are in ${folder}`);
    for (const failure of failures) console.error(`not collected: ${failure}`);
    return reached ? 0 : 1;
  },
});
