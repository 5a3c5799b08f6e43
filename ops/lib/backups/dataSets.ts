/** What a stack has that cannot be made again, and where its backups are. */
import { longestBackup } from "../../../blocks/restic.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { homesHost } from "../../../components/callysto/guest/homesBackup.ts";
import { schemaOf } from "../../../components/packit/config.ts";
import { thothSchema } from "../../../components/thoth/config.ts";
import type { BackupSettings } from "../../../config/backups.ts";
import { nextRuns } from "../../../config/schedules.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { services } from "../packit/service.ts";
import { openStack, stackOf, type StackValues } from "../stack.ts";
import { shared } from "../status/row.ts";
import { drillDatabase } from "./databaseDrill.ts";
import type { DrillOf } from "./drilled.ts";
import { drillGraph } from "./graphDrill.ts";
import { drillHomes } from "./homesDrill.ts";
import { drillState } from "./stateFiles.ts";
import { outsideSets } from "./outside.ts";
import type { RepositoryLogin } from "./repository.ts";

/** Backups of a data set in a repository of restic. */
interface KeptBackups {
  /** Name of the data set among the repository's snapshots. */
  readonly host: string;
  readonly url: string;
  /** Opens the repository. @param secret - text of a secret of the stack's file @throws if it lacks one */
  readonly login: (secret: (key: string) => string) => RepositoryLogin;
  /** When the backup after this one must be there at the latest. */
  readonly nextBy: (last: Date) => Date;
}

/** One data set. */
export interface DataSet {
  /** `packit/database` */
  readonly name: string;
  readonly system: string;
  /** What it is, in words. */
  readonly about: string;
  /** @default there are none, or others make them */
  readonly backups?: KeptBackups;
  /** Who saves it instead of Orrery. */
  readonly outside?: string;
  /** Why there are no backups: what to set. */
  readonly remedy: string;
  /** @default it cannot be drilled here */
  readonly drill?: DrillOf;
}

const day = 24 * 3600_000;

/**
 * Backups that a system's settings and secrets describe.
 * @param host - name among the snapshots
 * @param key - the secret's, by its name for Packit
 */
function keptBackups(
  host: string,
  settings: BackupSettings,
  key = (name: string): string => `${host}:${name}`,
): KeptBackups {
  const { repository: url, schedule } = settings;
  return {
    host,
    url,
    login: (secret) => ({
      url,
      env: {
        RESTIC_PASSWORD: secret(key("backupsPassword")),
        AWS_ACCESS_KEY_ID: secret(key("backupsAccessKeyId")),
        AWS_SECRET_ACCESS_KEY: secret(key("backupsSecretAccessKey")),
      },
    }),
    nextBy(last) {
      // `@every` counts from a time that only the cluster knows.
      const [next = new Date(last.getTime() + day)] = nextRuns({ schedule, timeZone: "Etc/UTC" }, last, 1);
      return new Date(next.getTime() + longestBackup * 1000);
    },
  };
}

/** The repository that this shell's own variables name, restic's. @default they name none */
export function ownRepository(env: NodeJS.ProcessEnv = process.env): RepositoryLogin | undefined {
  const { RESTIC_REPOSITORY: url, RESTIC_PASSWORD: password } = env;
  if (url === undefined || password === undefined) return undefined;
  return { url, env: Object.fromEntries(Object.entries(env).filter(([name]) => /^(AWS|RESTIC)_/.test(name))) };
}

/** Name of a stack's state among the snapshots. */
export const stateHost = (stack: string): string => `pulumi-${stack}`;

/** Pulumi's state and the stack's file, which `orrery backup` saves. */
function stateSet(stack: string): DataSet {
  const own = ownRepository();
  const nextBy = (last: Date): Date => new Date(last.getTime() + day + longestBackup * 1000);
  const remedy = "RESTIC_REPOSITORY and RESTIC_PASSWORD are not set for npx orrery backup";
  const about = "Pulumi's state and the stack's file";
  const kept = own === undefined ? {} : { backups: { host: stateHost(stack), url: own.url, login: () => own, nextBy } };
  return { name: "stack/state", system: shared, about, remedy, drill: drillState, ...kept };
}

/** Dgraph, where its settings name a repository. */
function graph(values: StackValues): readonly DataSet[] {
  const { dgraph } = openStack(thothSchema, values).settings;
  if (dgraph?.backups === undefined) return [];
  const about = `graph database, Dgraph ${dgraph.version}`;
  const backups = keptBackups("thoth", dgraph.backups);
  return [{ name: "thoth/dgraph", system: "thoth", about, remedy: "", drill: drillGraph, backups }];
}

/** Homes of the hubs whose settings name a repository. */
function homes(values: StackValues): readonly DataSet[] {
  return Object.entries(openStack(callystoSchema, values).settings.environments).flatMap(([name, environment]) => {
    if (environment.kind !== "hub" || environment.guest?.backups === undefined) return [];
    const about = "homes of the hub's users";
    const backups = keptBackups(homesHost(name), environment.guest.backups, (key) => `callysto:${key}-${name}`);
    return [{ name: `callysto/${name}`, system: "callysto", about, remedy: "", drill: drillHomes, backups }];
  });
}

/** The data sets of a stack. @throws if its settings are wrong */
export function dataSets(values: StackValues): readonly DataSet[] {
  const { name: stack, file } = stackOf(values);
  const { entries } = readStackFile(file);
  const databases = services
    .filter((service) => entries.has(`${service}:settings`))
    .map((service): DataSet => {
      const { settings } = openStack(schemaOf(service), values);
      const kept = settings.backups === undefined ? {} : { backups: keptBackups(service, settings.backups) };
      const about = `PostgreSQL ${settings.postgres.version}, database ${settings.postgres.database}`;
      const remedy = `${service}:settings.backups is not set`;
      return { name: `${service}/database`, system: service, about, remedy, drill: drillDatabase, ...kept };
    });
  const has = (system: string): boolean => entries.has(`${system}:settings`);
  return [
    ...databases,
    ...(has("callysto") ? homes(values) : []),
    ...(has("thoth") ? graph(values) : []),
    ...outsideSets(values, has),
    stateSet(stack),
  ];
}
