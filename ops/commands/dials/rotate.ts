/** `orrery dials rotate`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { dryRunOption } from "../../lib/options.ts";
import { changeSettings, openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Requests new passwords for both Redis, Flower and Django, by a new dials:settings.passwordRound. The next deployment generates them, puts
them into every Secret and URL that has one, and restarts what reads them. Drain the workers around it: npx orrery dials rollout
workers --stack S -- npx pulumi up --stack S`,
  options: { ...stackOptions, ...dryRunOption },
  run(values) {
    const stack = openStack(dialsSchema, values);
    const round = stack.settings.passwordRound + 1;
    const { dryRun } = values;
    changeSettings(dialsSchema, stack, [{ at: ["passwordRound"], value: round }], dryRun);
    console.log(
      `${dryRun ? "would set" : "set"} dials:settings.passwordRound to ${round}; next: npx pulumi up --stack ${stack.name}`,
    );
    return 0;
  },
});
