/** `orrery config new`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { suggest } from "../../../config/problems.ts";
import { addStack } from "../../lib/configFiles.ts";
import { systemNames } from "../../lib/split/systemStacks.ts";

/** @throws UsageError if one is no system */
function assertSystems(named: readonly string[]): void {
  for (const name of named) {
    if (systemNames.includes(name)) continue;
    throw new UsageError(
      `there is no system "${name}"${suggest(name, systemNames)}: there are ${systemNames.join(", ")}`,
    );
  }
}

export const command = defineCommand({
  about: `Writes a new stack file with the settings and secrets of another stack, under a passphrase of its own. The passphrase is
PULUMI_CONFIG_PASSPHRASE, or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names; that of the other stack is ORRERY_LIKE_PASSPHRASE (or
ORRERY_LIKE_PASSPHRASE_FILE). It may be the published one only if all secrets are samples.`,
  options: {
    stack: { type: "string", short: "s", value: "S", required: true, help: "the new stack: writes Pulumi.S.yaml" },
    like: { type: "string", value: "T", default: "stage", help: "the stack whose settings and secrets it gets" },
    systems: {
      type: "string",
      value: "NAME,...",
      multiple: true,
      help: "only these systems, and the clusters and clouds that they run on, e.g. dials",
    },
  },
  run({ stack, like, systems }) {
    const named = systems.flatMap((one) => one.split(","));
    assertSystems(named);
    addStack(stack, like, named);
    return 0;
  },
});
