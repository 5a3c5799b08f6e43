/** `orrery lab test`, the second half of `npm test`. */
import { defineCommand } from "../../../cli/command.ts";
import { openLab } from "../../session.ts";
import { runTests } from "../../tests.ts";

export const command = defineCommand({
  usage: "[NAME...]",
  about: `Runs the unit tests, then the live tests on this lab, which is emptied before and stopped after them. With names only
test/live/NAME.test.ts. Use npm test, which gives them a lab of their own.`,
  options: {},
  run: async (_, names) => runTests(await openLab(), names),
});
