/** Stops whatever acts by itself, and starts it again: settings, so that the next deployment does not undo it. */
import { thothSchema } from "../../components/thoth/config.ts";
import type { Call, Command } from "../command.ts";
import { type Change, changeSettings, openStack, pulumiUp, stackHelp, stackOptions } from "../lib/stack.ts";

type Settings = ReturnType<typeof openStack<typeof thothSchema.settings>>["settings"];

/** The switches of the parts that the settings have: path, and how it stands. */
export function switches({ bots, ultrahook, station }: Settings): readonly { at: readonly string[]; is: boolean }[] {
  return [
    ...(bots === undefined ? [] : [{ at: ["bots", "suspendCronJobs"], is: bots.suspendCronJobs }]),
    ...(station === undefined ? [] : [{ at: ["station", "suspendCronJobs"], is: station.suspendCronJobs }]),
    ...(ultrahook === undefined ? [] : [{ at: ["ultrahook", "paused"], is: ultrahook.paused }]),
  ];
}

async function setPaused(paused: boolean, { values }: Call): Promise<number> {
  const stack = openStack(thothSchema, values);
  const dryRun = values["dry-run"] === true;
  const changes = switches(stack.settings)
    .filter(({ is }) => is !== paused)
    .map(({ at }): Change => ({ at, value: paused }));
  const names = changes.map(({ at }) => `thoth:settings.${at.join(".")}`);
  if (changes.length > 0) changeSettings(thothSchema, stack, changes, dryRun);
  if (values.json === true) {
    console.log(JSON.stringify({ stack: stack.name, paused, changed: names, dryRun }, undefined, 2));
  } else if (changes.length === 0) {
    console.log(`Thoth of ${stack.name} is ${paused ? "paused" : "running"} in the settings already`);
  } else {
    console.log(`${dryRun ? "would set" : "set"} ${names.join(" and ")} to ${String(paused)}`);
  }
  if (dryRun) return 0;
  if (values["no-up"] === true) {
    if (values.json !== true) console.log(`next: npx pulumi up --stack ${stack.name}`);
    return 0;
  }
  return pulumiUp(stack, values.yes === true);
}

const help = (
  word: string,
  does: string,
): string => `Usage: npm run ops -- thoth ${word} --stack S [--dry-run] [--no-up] [--yes] [--json]

${does}

${stackHelp}
  --no-up            only change the stack's file
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would change
  --json             say it as JSON`;

const options = {
  ...stackOptions,
  "no-up": { type: "boolean" },
  yes: { type: "boolean" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
} as const;

export const command: Command = {
  help: help(
    "pause",
    `Suspends every CronJob and takes every tunnel to 0 pods, then deploys. Webhooks that come meanwhile are lost. When moving
to another cluster, pause the old one before the new one is resumed, so that the two never act at once.`,
  ),
  options,
  run: (call) => setPaused(true, call),
};

export const resume: Command = {
  help: help("resume", "Lets CronJobs run and tunnels connect again, and deploys."),
  options,
  run: (call) => setPaused(false, call),
};
