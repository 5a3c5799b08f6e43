/** `orrery lab preview`. */
import { defineCommand } from "../../../cli/command.ts";
import { applyStack, realSecrets } from "../../pulumi.ts";
import { openLabFor } from "../../session.ts";

export const command = defineCommand({
  usage: "STACK",
  about: "Runs pulumi preview with a stack's program, retargeted at the lab.",
  options: realSecrets,
  run: async (values, [stack]) => applyStack("preview", stack, await openLabFor(stack), values.realSecrets),
});
