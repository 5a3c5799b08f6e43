/** `orrery lab env`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { authorityFile } from "../../kubernetes/router/certificates.ts";
import { s3Env } from "../../openstack/objectStore.ts";
import { environment, exportLines } from "../../pulumi.ts";
import { openLab } from "../../session.ts";
import type { LabSettings } from "../../settings.ts";

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
    console.log(exportLines({ ...environment(run, "test"), ...trust(run.lab), ...(s3 ? await s3Env(run.lab) : {}) }));
    return 0;
  },
});

/** Lets Node trust the lab's authority, and still those that the shell names, such as a proxy's. */
function trust(lab: LabSettings): Readonly<Record<string, string>> {
  const own = authorityFile(lab);
  const both = path.join(lab.dir, "authorities.pem");
  const { NODE_EXTRA_CA_CERTS: before = own } = process.env;
  // Node warns at every start about a file that is not there.
  if (!existsSync(own)) return {};
  if ([own, both].includes(before) || !existsSync(before)) return { NODE_EXTRA_CA_CERTS: before === both ? both : own };
  writeFileSync(both, `${readFileSync(before, "utf8")}\n${readFileSync(own, "utf8")}`);
  return { NODE_EXTRA_CA_CERTS: both };
}
