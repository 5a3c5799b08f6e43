/** Takes the database to a newer major version of PostgreSQL. */
import { tmpdir } from "node:os";
import { confirm } from "../lib/prompt.ts";
import { type Command, duration, text, UsageError, type Values } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { changeSettings, pulumiUp, stackHelp, stackOptions } from "../lib/stack.ts";
import { podServer } from "./database/server.ts";
import { quantityBytes, size } from "./database/sql.ts";
import { checkRoom, contents, copyAll, roomFor } from "./database/upgrade.ts";
import { forget } from "./forgetDatabase.ts";
import { type Instance, openInstance, openService, type Service, serviceHelp, serviceOptions } from "./instance.ts";
import { whileStopped, writers } from "./writers.ts";

type Version = Service["settings"]["postgres"]["version"];

/** The version that the Service postgres leads to. @throws if it is not the settings' one */
async function checkServing({ kubectl, settings, name }: Instance): Promise<void> {
  const { spec } = await kubectl.get<{ spec: { selector?: Record<string, string> } }>("service", "postgres");
  const serving = Object.values(spec.selector ?? {}).find((value) => value.startsWith("postgres-"));
  if (serving !== `postgres-${settings.postgres.version}`) {
    throw new Error(
      `Service postgres leads to ${serving ?? "nothing"}, the settings say version ${settings.postgres.version}; ` +
        `nothing was changed: npx pulumi up --stack ${name} first`,
    );
  }
}

/** Version in the settings and those beside it. */
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

async function upgrade(to: Version, opened: Instance, values: Values): Promise<number> {
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
  if (values["dry-run"] === true) {
    console.log(`would take ${title}, about ${size(needed)}`);
    return 0;
  }
  const yes = values.yes === true;
  if (!(await confirm(`take ${title}? Packit stands still while it is copied.`, yes))) return 1;
  const seconds = duration(values, "timeout", "10m");
  const folder = text(values, "folder") ?? tmpdir();
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
    `took ${title}; ${old.name} and its volume are kept: npm run ops -- packit upgrade-database --forget ${version} --stack ${name}`,
  );
  return 0;
}

export const command: Command = {
  help: `Usage: npm run ops -- packit upgrade-database --to VERSION --stack S [--yes] [--dry-run]
       npm run ops -- packit upgrade-database --forget VERSION --stack S [--yes]

Takes the database to another major version of PostgreSQL without losing a row: a second server with a volume of its own is
deployed, web service, workers and beat are stopped, all roles and databases are dumped and loaded, tables and sequences are
compared one by one, Service postgres is led to the new server, everything starts again. If anything goes wrong, the old server
serves on as before; the command may then be given again. The old server and its volume are kept until --forget.
Both deployments are pulumi up of this stack, so deploy other changes first.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --folder DIR       where the dumps pass through on this machine (default: the temporary folder)
  --timeout D        how long pods may take to stop and to start (default 10m)
  --yes              do not ask
  --dry-run          change nothing, say what would be done`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    to: { type: "string" },
    forget: { type: "string" },
    folder: { type: "string" },
    timeout: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values }) {
    const [to, old] = [text(values, "to"), text(values, "forget")];
    if ((to === undefined) === (old === undefined)) throw new UsageError("give --to VERSION, or --forget VERSION");
    const versions: readonly string[] = openService(values)
      .schema.settings.shape.postgres.unwrap()
      .shape.version.unwrap().options;
    const asked = to ?? old ?? "";
    if (!versions.includes(asked))
      throw new UsageError(`there is no image of PostgreSQL ${asked}; there are ${versions.join(", ")}`);
    const opened = await openInstance(values);
    const { version } = opened.settings.postgres;
    if (old !== undefined) return forget(old as Version, opened, values);
    if (Number(asked) <= Number(version))
      throw new UsageError(`PostgreSQL ${version} serves; --to takes a newer version`);
    return upgrade(asked as Version, opened, values);
  },
};
