/** `orrery config new`. */
import { defineCommand } from "../../../cli/command.ts";
import { addStack } from "../../lib/configFiles.ts";

export const command = defineCommand({
  about: `Writes a new stack file with the settings and secrets of another stack, under a passphrase of its own. The passphrase is
PULUMI_CONFIG_PASSPHRASE, or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names; that of the other stack is ORRERY_LIKE_PASSPHRASE (or
ORRERY_LIKE_PASSPHRASE_FILE). It may be the published one only if all secrets are samples.`,
  options: {
    stack: { type: "string", short: "s", value: "S", required: true, help: "the new stack: writes Pulumi.S.yaml" },
    like: { type: "string", value: "T", required: true, help: "the stack whose settings and secrets it gets" },
  },
  run({ stack, like }) {
    addStack(stack, like);
    return 0;
  },
});
