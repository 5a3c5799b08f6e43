/** Makes a server anew; with --volumes the homes too, where that loses nothing that anyone protects. */
import { callystoSchema } from "../../components/callysto/config.ts";
import { type Command, text, UsageError } from "../command.ts";
import { changeSettings, pulumiOutput, pulumiUp } from "../stack.ts";
import { type Environment, environmentHelp, environmentOptions, openEnvironment } from "./environment.ts";

/** URNs of the environment's data volumes. */
async function volumesOf({ stack, name }: Environment): Promise<readonly string[]> {
  const exported = JSON.parse(await pulumiOutput(stack, "stack", "export")) as {
    deployment: { resources?: readonly { readonly urn: string; readonly type: string }[] };
  };
  return (exported.deployment.resources ?? [])
    .filter(
      ({ urn, type }) => type === "openstack:blockstorage/volume:Volume" && urn.includes(`::callysto-${name}-host-`),
    )
    .map(({ urn }) => urn);
}

/** @throws if new volumes would lose data that somebody protects, or were not asked for in full */
export function checkVolumes({ name, settings }: Environment, loses: string | undefined): void {
  if (settings.kind !== "hub") throw new Error(`${name} is no hub; its volumes are replaced by hand`);
  if (settings.volumes.mode === "existing") {
    throw new Error(`the volumes of ${name} were made outside the stack and hold its homes; they are never replaced`);
  }
  if (!settings.disposable) {
    throw new Error(
      `the volumes of ${name} are protected; if their homes may be lost, set environments.${name}.disposable: true and deploy first`,
    );
  }
  if (loses !== name) throw new UsageError(`--volumes deletes all homes of ${name}; say so by --lose-homes-of ${name}`);
}

export const command: Command = {
  help: `Usage: npm run ops -- callysto rebuild --environment E --stack S [--dry-run] [--yes]
       npm run ops -- callysto rebuild --volumes --lose-homes-of E --environment E --stack S ...

Sets the environment's rebuildToken and deploys: the server is made anew from the newest image; address, host key, volumes
and homes stay. With --volumes both volumes of a disposable hub are made anew too, and its homes are lost.

${environmentHelp}
  --volumes          new volumes too; refused for protected and for existing ones
  --lose-homes-of E  says again whose homes are lost
  --token T          the new token (default: the present time)
  --yes              do not ask before deploying
  --dry-run          change nothing, show what the deployment would do`,
  options: {
    ...environmentOptions,
    volumes: { type: "boolean" },
    "lose-homes-of": { type: "string" },
    token: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values }) {
    const environment = openEnvironment(values);
    const { stack, name, settings } = environment;
    const withVolumes = values.volumes === true;
    if (withVolumes) checkVolumes(environment, text(values, "lose-homes-of"));
    const token = text(values, "token") ?? new Date().toISOString();
    if (token === settings.rebuildToken) throw new UsageError(`the rebuildToken of ${name} is "${token}" already`);
    const dryRun = values["dry-run"] === true;
    changeSettings(callystoSchema, stack, [{ at: ["environments", name, "rebuildToken"], value: token }], dryRun);
    console.log(`${dryRun ? "would set" : "set"} callysto:settings.environments.${name}.rebuildToken to ${token}`);
    if (dryRun) {
      console.log(
        `would make the server of ${name} anew${withVolumes ? ", and both volumes: all homes are lost" : ""}`,
      );
      return 0;
    }
    const replaced = withVolumes ? await volumesOf(environment) : [];
    return pulumiUp(
      stack,
      values.yes === true,
      replaced.flatMap((urn) => ["--replace", urn]),
    );
  },
};
