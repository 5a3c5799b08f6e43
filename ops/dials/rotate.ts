/** New passwords for what only DIALS itself uses. */
import { dialsSchema } from "../../components/dials/config.ts";
import type { Command } from "../command.ts";
import { changeSettings, openStack, stackHelp, stackOptions } from "../lib/stack.ts";

export const command: Command = {
  help: `Usage: npm run ops -- dials rotate --stack S [--dry-run]

Asks for new passwords of both Redis, of Flower and of Django by a new dials:settings.passwordRound. The next deployment draws
them, puts them into every Secret and URL that has one, and restarts what reads them. Drain the workers around it:
npm run ops -- dials rollout workers --stack S -- npx pulumi up --stack S

${stackHelp}
  --dry-run          change nothing, say what would change`,
  options: { ...stackOptions, "dry-run": { type: "boolean" } },
  run({ values }) {
    const stack = openStack(dialsSchema, values);
    const round = stack.settings.passwordRound + 1;
    const dryRun = values["dry-run"] === true;
    changeSettings(dialsSchema, stack, [{ at: ["passwordRound"], value: round }], dryRun);
    console.log(
      `${dryRun ? "would set" : "set"} dials:settings.passwordRound to ${round}; next: npx pulumi up --stack ${stack.name}`,
    );
    return Promise.resolve(0);
  },
};
