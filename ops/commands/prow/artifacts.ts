/** `orrery prow artifacts`. */
import { defineCommand } from "../../../cli/command.ts";
import { artifactsOptions, collect } from "../../lib/prow/artifacts.ts";
import { environmentOptions, openEnvironment } from "../../lib/prow/environment.ts";

export const command = defineCommand({
  about: `Collects what shows why something does not work. That is all objects of Prow's namespace (compressed), addresses and ports, events, roles and
bindings of both namespaces, ProwJobs, each pod's description, logs and connections, and this machine's connections. No Secret is
collected. What cannot be collected is listed in not-collected.txt.`,
  options: { ...environmentOptions, ...artifactsOptions },
  async run(values) {
    console.log(`artifacts are in ${await collect(await openEnvironment(values), values)}`);
    return 0;
  },
});
