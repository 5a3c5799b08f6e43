/** Gives the stacks a certificate that is there already. */
import { type Command, UsageError } from "../command.ts";
import { chosen, install, installHelp, installOptions } from "./installation.ts";
import { missingFiles } from "./zuulSecrets.ts";

export const command: Command = {
  help: `Usage: npm run ops -- packit install-certificate DIR --stack stage --stack prod [--up] [--dry-run]

Writes DIR/fullchain.pem and DIR/privkey.pem into the stacks' secrets tlsCertificate and tlsKey, of Packit and of Stream. Refuses
a key that is another certificate's, and a certificate that lacks a host of the stacks. With --up the pods that use it are replaced.

${installHelp}
  --dry-run          change nothing, say what would be written`,
  options: installOptions,
  run({ values, words: [folder] }) {
    if (folder === undefined)
      throw new UsageError("which certificate? name the folder with fullchain.pem and privkey.pem");
    const missing = missingFiles(folder, ["fullchain.pem", "privkey.pem"]);
    if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(", ")}`);
    const found = chosen(values);
    if (found.length === 0) throw new UsageError("into which stacks? name them by --stack");
    return install(folder, found, values);
  },
};
