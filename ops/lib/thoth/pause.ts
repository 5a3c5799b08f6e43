/** Pauses everything that acts on its own, and resumes it: settings, so that the next deployment does not undo it. */
import { thothSchema } from "../../../components/thoth/config.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { dryRunOption, jsonOption, noUpOption, yesOption } from "../options.ts";
import { changeAndDeploy } from "../decision/deploy.ts";
import { pulumiUp } from "../pulumi.ts";
import { type Change, changedSettings, changeSettings, openStack, stackOptions } from "../stack.ts";

type Settings = ReturnType<typeof openStack<typeof thothSchema.settings>>["settings"];

/** The switches of the sections that the settings have: path and present value. */
export function switches({ bots, ultrahook, station }: Settings): readonly { at: readonly string[]; is: boolean }[] {
  return [
    ...(bots === undefined ? [] : [{ at: ["bots", "suspendCronJobs"], is: bots.suspendCronJobs }]),
    ...(station === undefined ? [] : [{ at: ["station", "suspendCronJobs"], is: station.suspendCronJobs }]),
    ...(ultrahook === undefined ? [] : [{ at: ["ultrahook", "paused"], is: ultrahook.paused }]),
  ];
}

export const pauseOptions = {
  ...stackOptions,
  ...noUpOption,
  ...yesOption,
  ...dryRunOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

/** Sets the switch and deploys. @returns the exit code */
export async function setPaused(paused: boolean, values: ValuesOf<typeof pauseOptions>): Promise<number> {
  const stack = openStack(thothSchema, values);
  const { dryRun } = values;
  const changes = switches(stack.settings)
    .filter(({ is }) => is !== paused)
    .map(({ at }): Change => ({ at, value: paused }));
  const names = changes.map(({ at }) => `thoth:settings.${at.join(".")}`);
  const change = changedSettings(thothSchema, stack, changes);
  if (dryRun || values.noUp) changeSettings(thothSchema, stack, changes, dryRun);
  if (values.json) {
    console.log(JSON.stringify({ stack: stack.name, paused, changed: names, dryRun }, undefined, 2));
  } else if (changes.length === 0) {
    console.log(`Thoth of ${stack.name} is ${paused ? "paused" : "running"} in the settings already`);
  } else {
    console.log(`${dryRun ? "would set" : "set"} ${names.join(" and ")} to ${String(paused)}`);
  }
  if (dryRun) return 0;
  if (values.noUp) {
    if (!values.json) console.log(`next: npx pulumi up --stack ${stack.name}`);
    return 0;
  }
  if (changes.length === 0) return pulumiUp(stack, values.yes);
  return changeAndDeploy(stack, { command: `thoth ${paused ? "pause" : "resume"}`, change, yes: values.yes });
}
