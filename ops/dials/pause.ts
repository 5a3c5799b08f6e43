/** Stops the ETL without losing a task, and starts it again: a setting, so that the next deployment does not undo it. */
import { dialsSchema } from "../../components/dials/config.ts";
import { type Call, type Command } from "../command.ts";
import { changeSettings, openStack, pulumiUp, stackHelp, stackOptions } from "../lib/stack.ts";
import { targets } from "./targets.ts";

async function setPaused(paused: boolean, { values }: Call): Promise<number> {
  const stack = openStack(dialsSchema, values);
  const verb = paused ? "paused" : "running";
  const names = targets(stack.settings)
    .filter(({ etl }) => etl)
    .map(({ name }) => name);
  if (stack.settings.etl.paused === paused) {
    console.log(`the ETL of ${stack.name} is ${verb} in the settings already`);
  } else {
    changeSettings(dialsSchema, stack, [{ at: ["etl", "paused"], value: paused }], values["dry-run"] === true);
    console.log(
      `${values["dry-run"] === true ? "would set" : "set"} dials:settings.etl.paused to ${String(paused)} for ${names.length} Deployments: ${names.join(", ")}`,
    );
  }
  if (values["dry-run"] === true) return 0;
  if (values["no-up"] === true) {
    console.log(`next: npx pulumi up --stack ${stack.name}`);
    return 0;
  }
  return pulumiUp(stack, values.yes === true);
}

const help = (
  word: string,
  does: string,
): string => `Usage: npm run ops -- dials ${word} --stack S [--dry-run] [--no-up] [--yes]

${does}

${stackHelp}
  --no-up            only change the stack's file
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would change`;

const options = {
  ...stackOptions,
  "no-up": { type: "boolean" },
  yes: { type: "boolean" },
  "dry-run": { type: "boolean" },
} as const;

export const command: Command = {
  help: help(
    "pause",
    `Sets etl.paused and deploys: every ETL Deployment goes to 0 pods, the two Redis stay. Workers get etl.graceSeconds for the
task at hand; what is queued waits in the broker. Where tasks may take longer, drain first:
npm run ops -- dials rollout workers --stack S -- npm run ops -- dials pause --stack S --yes`,
  ),
  options,
  run: (call) => setPaused(true, call),
};

export const resume: Command = {
  help: help(
    "resume",
    "Unsets etl.paused and deploys: every ETL Deployment goes back to its pod and takes up the queues.",
  ),
  options,
  run: (call) => setPaused(false, call),
};
