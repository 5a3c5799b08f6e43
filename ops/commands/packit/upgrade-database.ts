/** `orrery packit upgrade-database`. */
import { tmpdir } from "node:os";
import { confirm } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { decide } from "../../lib/decision/decide.ts";
import { changeAndDeploy } from "../../lib/decision/deploy.ts";
import { changedSettings, type FileChange, stackOptions } from "../../lib/stack.ts";
import { servingServer, taskValues } from "../../lib/packit/database/interrupted.ts";
import { podServer } from "../../lib/packit/database/server.ts";
import { quantityBytes, size } from "../../lib/packit/database/sql.ts";
import { checkRoom, contents, copyAll, roomFor } from "../../lib/packit/database/upgrade.ts";
import { forgetServer } from "../../lib/packit/database/forget.ts";
import { type Instance, openInstance, openService, type Service, serviceOptions } from "../../lib/packit/service.ts";
import { start, stop, writers } from "../../lib/packit/writers.ts";

const upgradeOptions = {
  ...stackOptions,
  ...serviceOptions,
  ...kubectlOptions,
  to: { type: "string", value: "VERSION", help: "upgrade to this major version" },
  forget: { type: "string", value: "VERSION", help: "remove the old server of this version with its volume" },
  folder: {
    type: "string",
    value: "FOLDER",
    default: tmpdir(),
    help: "where the dumps are stored meanwhile on this machine",
  },
  timeout: { type: "duration", default: "10m", help: "how long pods may take to stop and to start" },
  yes: { type: "boolean", help: "do not ask" },
  "dry-run": { type: "boolean", help: "change nothing, say what would be done" },
} as const satisfies OptionSpecs;

type UpgradeValues = ValuesOf<typeof upgradeOptions>;

type Version = Service["settings"]["postgres"]["version"];

/** @throws if the Service postgres does not select the settings' version */
async function checkServing(opened: Instance): Promise<void> {
  const { settings, name } = opened;
  const serving = await servingServer(opened);
  if (serving !== `postgres-${settings.postgres.version}`) {
    throw new Error(
      `Service postgres selects ${serving ?? "nothing"}, the settings say version ${settings.postgres.version}; ` +
        `nothing was changed: npx pulumi up --stack ${name} first`,
    );
  }
}

/** The file with another version, and those that run next to it. */
function withVersions(opened: Service, version: Version, beside: readonly Version[]): FileChange {
  return changedSettings(opened.schema, opened, [
    { at: ["postgres", "version"], value: version },
    { at: ["postgres", "beside"], value: beside },
  ]);
}

/** Deploys the new server next to the old one. A server that is there already is left as it is. */
function deployServer(opened: Instance, to: Version, yes: boolean): Promise<number> {
  const { version, beside } = opened.settings.postgres;
  return changeAndDeploy(opened, {
    command: "packit upgrade-database",
    // Its volume is protected, so with the old settings no update would remove it again.
    pivot: `::${opened.service}-postgres-${to}-claim$`,
    change: withVersions(opened, version, [...beside.filter((one) => one !== to), to]),
    yes,
  });
}

/** Copies while nothing writes, and lets the new server serve; if anything goes wrong, the old one does. */
async function switchOver(to: Version, opened: Instance, values: UpgradeValues): Promise<number> {
  const { settings, kubectl } = opened;
  const { version, beside } = settings.postgres;
  const seconds = values.timeout;
  const task = {
    kind: "packit writers",
    values: { ...taskValues(opened, values), to, seconds: String(seconds) },
  } as const;
  return decide(opened, { command: "packit upgrade-database", task }, async (decision) => {
    await stop(kubectl, writers(settings), seconds, decision.signal);
    const [old, fresh] = [podServer(kubectl, version, decision.signal), podServer(kubectl, to, decision.signal)];
    await copyAll(old, fresh, await contents(old), values.folder, console.error);
    decision.change(withVersions(opened, to, [...beside.filter((one) => one !== to), version]));
    const code = await decision.run("up", values.yes);
    if (code === 0) await start(kubectl, writers(settings), seconds);
    return code;
  });
}

/** Whether an earlier attempt has deployed it; a failed one may have got as far as its volume only. */
async function isThere(kubectl: Instance["kubectl"], deployment: string): Promise<boolean> {
  return (
    (await kubectl.output(["get", "deployment", deployment, "--ignore-not-found", "--output", "name"])).trim() !== ""
  );
}

async function upgrade(to: Version, opened: Instance, values: UpgradeValues): Promise<number> {
  const { settings, kubectl, service, name } = opened;
  const { version, beside, size: volume } = settings.postgres;
  const [old, fresh] = [podServer(kubectl, version), podServer(kubectl, to)];
  await checkServing(opened);
  const found = await contents(old);
  const [needed, room] = [roomFor(found), quantityBytes(volume)];
  if (room < needed) {
    const have = `its volume gets ${volume} (postgres.size), ${size(needed)} are needed`;
    throw new Error(`PostgreSQL ${to} has no room: ${have}; nothing was changed`);
  }
  const title = `${service}'s PostgreSQL in ${name} from ${version} to ${to} (${found.map((one) => one.name).join(", ")})`;
  if (values.dryRun) {
    console.log(`would upgrade ${title}, about ${size(needed)}`);
    return 0;
  }
  const { yes } = values;
  if (!(await confirm(`upgrade ${title}? Packit is stopped while it is copied.`, yes))) return 1;
  if (!beside.includes(to) || !(await isThere(kubectl, fresh.name))) {
    const code = await deployServer(opened, to, yes);
    if (code !== 0) return code;
  }
  await kubectl.output(["rollout", "status", `deployment/${fresh.name}`, `--timeout=${values.timeout}s`]);
  await checkRoom(fresh, found, values.folder);
  const code = await switchOver(to, opened, values);
  if (code !== 0) return code;
  console.log(
    `upgraded ${title}; ${old.name} and its volume are kept: npx orrery packit upgrade-database --forget ${version} --stack ${name}`,
  );
  return 0;
}

export const command = defineCommand({
  about: `Upgrades the database to another major version of PostgreSQL without losing a row. With --to a second server with a volume of its own
is deployed, web service, workers and beat are stopped, all roles and databases are dumped and loaded, tables and sequences are compared
one by one, Service postgres is switched to the new server, and everything starts again. If anything goes wrong, the old server continues
as before, and the command can be repeated. The old server and its volume are kept until --forget. Both deployments are pulumi up of this
stack, so deploy other changes first.`,
  options: upgradeOptions,
  async run(values) {
    const { to, forget: old } = values;
    if ((to === undefined) === (old === undefined)) throw new UsageError("give --to VERSION, or --forget VERSION");
    const versions: readonly string[] = openService(values)
      .schema.settings.shape.postgres.unwrap()
      .shape.version.unwrap().options;
    const asked = to ?? old ?? "";
    if (!versions.includes(asked))
      throw new UsageError(`there is no image of PostgreSQL ${asked}; there are ${versions.join(", ")}`);
    const opened = await openInstance(values);
    const { version } = opened.settings.postgres;
    if (old !== undefined) return forgetServer(old as Version, opened, values);
    if (Number(asked) <= Number(version))
      throw new UsageError(`PostgreSQL ${version} serves; --to takes a newer version`);
    return upgrade(asked as Version, opened, values);
  },
});
