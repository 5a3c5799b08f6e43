/** `orrery lab destroy`. */
import { defineCommand } from "../../../cli/command.ts";
import { applyStack } from "../../pulumi.ts";
import { openLabFor } from "../../session.ts";

export const command = defineCommand({
  usage: "STACK",
  about: "Runs pulumi destroy on a stack that was applied to the lab.",
  options: {},
  run: async (_, [stack]) => applyStack("destroy", stack, await openLabFor(stack)),
});
