/** `orrery prow bootstrap`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions, inCluster, openEnvironment } from "../../lib/prow/environment.ts";
import { bootstrap, firstLines, soundJobs } from "../../lib/prow/jobs.ts";

export const command = defineCommand({
  about: `Loads a complete tree of jobs into job-config. Stores every job file below the folder (or of a checkout of kubevirt/project-infra)
under its base name, compressed if they are many, and removes what was there. First all are checked: YAML, base names, and presets as
Prow loads them; if Prow would refuse one, nothing is loaded. Presets that jobs name and that neither config.yaml nor the jobs define are
added, from the checkout's own configuration or from this program. Jobs whose Secrets or ConfigMaps do not exist are listed, and loaded.
For environments whose job-config belongs to Prow's updater.`,
  options: {
    ...environmentOptions,
    jobs: { type: "string", value: "FOLDER", required: true, help: "the jobs" },
    "dry-run": { type: "boolean", help: "check everything, also the object by the API server, but change nothing" },
  },
  async run({ jobs, dryRun, ...values }) {
    const environment = await openEnvironment(values);
    const { files, warnings } = soundJobs(jobs, environment);
    if (warnings.length > 0) console.error(`warnings about the jobs:\n${firstLines(warnings)}`);
    console.log(await inCluster(environment, values, (kubectl) => bootstrap(kubectl, environment, files, dryRun)));
    return 0;
  },
});
