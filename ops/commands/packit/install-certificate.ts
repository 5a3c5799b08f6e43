/** `orrery packit install-certificate`. */
import { defineCommand } from "../../../cli/command.ts";
import { chosen, install, installOptions } from "../../lib/packit/installation.ts";
import { missingFiles } from "../../lib/packit/secretFiles.ts";

export const command = defineCommand({
  usage: "FOLDER",
  about: `Installs an existing certificate in stacks. Writes fullchain.pem and privkey.pem of the folder into the stacks' secrets tlsCertificate and
tlsKey, of Packit and of Stream. A key of another certificate, and a certificate that lacks a host of the stacks, are refused. With --up
the pods that use it are replaced.`,
  options: { ...installOptions, stack: { ...installOptions.stack, required: true } },
  run(values, [folder]) {
    const missing = missingFiles(folder, ["fullchain.pem", "privkey.pem"]);
    if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(", ")}`);
    const found = chosen(values);
    return install(folder, found, values);
  },
});
