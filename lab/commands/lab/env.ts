/** `orrery lab env`. */
import { defineCommand } from "../../../cli/command.ts";
import { s3Env } from "../../openstack/objectStore.ts";
import { environment, exportLines } from "../../pulumi.ts";
import { openLab } from "../../session.ts";

export const command = defineCommand({
  about: `Prints exports for a shell that uses the lab: eval "$(npm run --silent lab -- env)".`,
  options: {
    s3: {
      type: "boolean",
      help: "Pulumi's state in the lab's Swift by its S3 API, as in a team, instead of in a folder",
    },
  },
  async run({ s3 }) {
    const run = await openLab();
    console.log(exportLines({ ...environment(run, "test"), ...(s3 ? await s3Env(run.lab) : {}) }));
    return 0;
  },
});
