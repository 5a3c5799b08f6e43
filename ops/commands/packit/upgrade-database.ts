/** `orrery packit upgrade-database`. */
import { tmpdir } from "node:os";
import { confirm } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { changeSettings, pulumiUp, stackOptions } from "../../lib/stack.ts";
import { podServer } from "../../lib/packit/database/server.ts";
import { quantityBytes, size } from "../../lib/packit/database/sql.ts";
import { checkRoom, contents, copyAll, roomFor } from "../../lib/packit/database/upgrade.ts";
import { forgetServer } from "../../lib/packit/database/forget.ts";
import { type Instance, openInstance, openService, type Service, serviceOptions } from "../../lib/packit/service.ts";
import { whileStopped, writers } from "../../lib/packit/writers.ts";

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
async function checkServing({ kubectl, settings, name }: Instance): Promise<void> {
  const { spec } = await kubectl.get<{ spec: { selector?: Record<string, string> } }>("service", "postgres");
  const serving = Object.values(spec.selector ?? {}).find((value) => value.startsWith("postgres-"));
  if (serving !== `postgres-${settings.postgres.version}`) {
    throw new Error(
      `Service postgres selects ${serving ?? "nothing"}, the settings say version ${settings.postgres.version}; ` +
        `nothing was changed: npx pulumi up --stack ${name} first`,
    );
  }
}

/** Sets the version and those that run next to it. */
function setVersions(opened: Service, version: Version, beside: readonly Version[]): void {
  changeSettings(
    opened.schema,
    opened,
    [
      { at: ["postgres", "version"], value: version },
      { at: ["postgres", "beside"], value: beside },
    ],
    false,
  );
}

/** @throws if the deployment did not work */
async function deploy(opened: Service, yes: boolean): Promise<void> {
  if ((await pulumiUp(opened, yes)) !== 0) throw new Error("pulumi up did not work; see above");
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
  const seconds = values.timeout;
  const { folder } = values;
  if (!beside.includes(to)) {
    setVersions(opened, version, [...beside, to]);
    await deploy(opened, yes);
  }
  await kubectl.output(["rollout", "status", `deployment/${fresh.name}`, `--timeout=${seconds}s`]);
  await checkRoom(fresh, found, folder);
  await whileStopped(kubectl, writers(settings), seconds, async () => {
    await copyAll(old, fresh, await contents(old), folder, console.error);
    const kept = beside.filter((one) => one !== to);
    setVersions(opened, to, [...kept, version]);
    try {
      await deploy(opened, yes);
    } catch (error) {
      setVersions(opened, version, [...kept, to]);
      throw error;
    }
  });
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
