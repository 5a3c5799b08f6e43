/** `orrery config sample`. */
import { defineCommand } from "../../../cli/command.ts";
import { addSamples } from "../../lib/configFiles.ts";
import { dryRunOption } from "../../lib/options.ts";

export const command = defineCommand({
  about: `Adds an encrypted sample for every required secret that a stack file lacks. Nothing else changes. The passphrase is
PULUMI_CONFIG_PASSPHRASE, or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names, else the published one of a sample stack. Single values
are set with npx pulumi config set.`,
  options: {
    stack: { type: "string", short: "s", value: "S", required: true, help: "the stack: changes Pulumi.S.yaml" },
    ...dryRunOption,
  },
  run({ stack, dryRun }) {
    addSamples(stack, dryRun);
    return 0;
  },
});
