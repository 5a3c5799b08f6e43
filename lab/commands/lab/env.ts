/** `orrery lab env`. */
import { existsSync } from "node:fs";
import { defineCommand } from "../../../cli/command.ts";
import { authorityFile } from "../../kubernetes/router/certificates.ts";
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
    const authority = authorityFile(run.lab);
    // Node warns at every start about a file that is not there.
    const trust = existsSync(authority) ? { NODE_EXTRA_CA_CERTS: authority } : {};
    console.log(exportLines({ ...environment(run, "test"), ...trust, ...(s3 ? await s3Env(run.lab) : {}) }));
    return 0;
  },
});
