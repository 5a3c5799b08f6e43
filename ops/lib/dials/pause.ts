/** Stops the ETL without losing a task, and starts it again: a setting, so that the next deployment does not undo it. */
import { dialsSchema } from "../../../components/dials/config.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { dryRunOption, noUpOption, yesOption } from "../options.ts";
import { changeAndDeploy } from "../decision/deploy.ts";
import { pulumiUp } from "../pulumi.ts";
import { changedSettings, changeSettings, openStack, stackOptions } from "../stack.ts";
import { targets } from "./selection.ts";

export const pauseOptions = {
  ...stackOptions,
  ...noUpOption,
  ...yesOption,
  ...dryRunOption,
} as const satisfies OptionSpecs;

/** Sets the switch and deploys. @returns the exit code */
export async function setPaused(paused: boolean, values: ValuesOf<typeof pauseOptions>): Promise<number> {
  const stack = openStack(dialsSchema, values);
  const verb = paused ? "paused" : "running";
  const names = targets(stack.settings)
    .filter(({ etl }) => etl)
    .map(({ name }) => name);
  const same = stack.settings.etl.paused === paused;
  const changes = [{ at: ["etl", "paused"], value: paused }];
  const change = changedSettings(dialsSchema, stack, changes);
  if (same) {
    console.log(`the ETL of ${stack.name} is ${verb} in the settings already`);
  } else {
    if (values.dryRun || values.noUp) changeSettings(dialsSchema, stack, changes, values.dryRun);
    console.log(
      `${values.dryRun ? "would set" : "set"} dials:settings.etl.paused to ${String(paused)} for ${names.length} Deployments: ${names.join(", ")}`,
    );
  }
  if (values.dryRun) return 0;
  if (values.noUp) {
    console.log(`next: npx pulumi up --stack ${stack.name}`);
    return 0;
  }
  if (same) return pulumiUp(stack, values.yes);
  return changeAndDeploy(stack, { command: `dials ${paused ? "pause" : "resume"}`, change, yes: values.yes });
}
