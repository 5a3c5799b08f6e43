/** `orrery lab apply`. */
import { defineCommand } from "../../../cli/command.ts";
import { applyStack, realSecrets } from "../../pulumi.ts";
import { openLabFor } from "../../session.ts";

export const command = defineCommand({
  usage: "STACK",
  about: "Runs pulumi up with a stack's program, retargeted at the lab.",
  options: realSecrets,
  run: async (values, [stack]) => applyStack("up", stack, await openLabFor(stack), values.realSecrets),
});
