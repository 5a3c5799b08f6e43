/** Replaces a server; with --volumes its homes too, unless they are protected. */
import { callystoSchema } from "../../../components/callysto/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption, yesOption } from "../../lib/options.ts";
import { changeAndDeploy } from "../../lib/decision/deploy.ts";
import { protectedUrns, resources, type StateResource } from "../../lib/resources.ts";
import { changedSettings } from "../../lib/stack.ts";
import { type Environment, environmentOptions, openEnvironment } from "../../lib/callysto/environment.ts";

/** URNs of the environment's data volumes. */
async function volumesOf({ stack, name }: Environment): Promise<readonly string[]> {
  const all = await resources(stack.name);
  return all
    .filter(({ urn, type }) => type === "openstack:blockstorage/volume:Volume" && isVolumeOf(name, urn))
    .map(({ urn }) => urn);
}

/** The server of an environment, whose protection a rebuild lifts for one update; its port and keys stay as they are. */
function liftedByRebuild(all: readonly StateResource[], environment: string): readonly StateResource[] {
  return all.filter(
    ({ type, urn }) =>
      type === "openstack:compute/instance:Instance" && urn.endsWith(`::callysto-${environment}-host-server-instance`),
  );
}

/** Whether a volume's URN is of this environment; "hub" has none of those of "hub-host-x". */
export function isVolumeOf(environment: string, urn: string): boolean {
  const [, owner] = /^callysto-(.*)-host-volumes-[a-z]+-\d+$/.exec(urn.split("::").at(-1) ?? "") ?? [];
  return owner === environment;
}

/** @throws if new volumes would lose data that is protected, or were not confirmed */
export function checkVolumes({ name, settings }: Environment, loses: string | undefined): void {
  if (settings.kind !== "hub") throw new Error(`${name} is not a hub; its volumes are replaced by hand`);
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

export const command = defineCommand({
  about: `Replaces a server by a new one. Sets the environment's rebuildToken, lifts the server's protection and deploys: the server is
created again from the newest image, protected again; address, host key, volumes and homes stay. With --volumes both volumes of a disposable hub are replaced too, and
its homes are lost.`,
  options: {
    ...environmentOptions,
    volumes: { type: "boolean", help: "new volumes too; refused for protected and for existing ones" },
    "lose-homes-of": { type: "string", value: "E", help: "confirms whose homes are lost" },
    token: { type: "string", value: "T", help: "the new token (default: the present time)" },
    ...yesOption,
    ...dryRunOption,
  },
  async run(values) {
    const environment = openEnvironment(values);
    const { stack, name, settings } = environment;
    const withVolumes = values.volumes;
    if (withVolumes) checkVolumes(environment, values.loseHomesOf);
    const token = values.token ?? new Date().toISOString();
    if (token === settings.rebuildToken) throw new UsageError(`the rebuildToken of ${name} is "${token}" already`);
    const { dryRun } = values;
    const changes = [{ at: ["environments", name, "rebuildToken"], value: token }];
    const change = changedSettings(callystoSchema, stack, changes);
    console.log(`${dryRun ? "would set" : "set"} callysto:settings.environments.${name}.rebuildToken to ${token}`);
    if (dryRun) {
      console.log(`would replace the server of ${name}${withVolumes ? ", and both volumes: all homes are lost" : ""}`);
      return 0;
    }
    const replaced = withVolumes ? await volumesOf(environment) : [];
    return changeAndDeploy(stack, {
      command: "callysto rebuild",
      // With the old token back, a server that is new already would be replaced again.
      pivot: `::callysto-${name}-host-server-instance$`,
      // The update protects the new server.
      lift: protectedUrns(liftedByRebuild(await resources(stack.name), name)),
      change,
      yes: values.yes,
      words: replaced.flatMap((urn) => ["--replace", urn]),
    });
  },
});
