/** `orrery lab apply`. */
import { defineCommand } from "../../../cli/command.ts";
import { applyStack } from "../../pulumi.ts";
import { openLab } from "../../session.ts";

export const command = defineCommand({
  usage: "STACK",
  about: "Runs pulumi up with a stack's program, retargeted at the lab.",
  options: {},
  run: async (_, [stack]) => applyStack("up", stack, await openLab()),
});
