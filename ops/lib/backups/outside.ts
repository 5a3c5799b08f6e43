/** Data that Orrery does not save itself: what is done for it, and by whom. */
import { callystoSchema } from "../../../components/callysto/config.ts";
import { dialsSchema } from "../../../components/dials/config.ts";
import { thothSchema } from "../../../components/thoth/config.ts";
import { openStack, type StackValues } from "../stack.ts";

/** A data set outside of Orrery's backups. */
export interface OutsideSet {
  readonly name: string;
  readonly system: string;
  readonly about: string;
  /** What saves it instead. @default nobody: see `remedy` */
  readonly outside?: string;
  /** What a setting of ours would do about it. */
  readonly remedy: string;
}

/** The homes of hubs. */
function homes(values: StackValues): readonly OutsideSet[] {
  return Object.entries(openStack(callystoSchema, values).settings.environments).flatMap(([name, environment]) => {
    if (environment.kind !== "hub" || environment.guest?.backups !== undefined) return [];
    const to = environment.guest?.backup?.remoteHost;
    const outside = `a weekly rsync to ${to ?? ""}: /var/log/rrsync.log on the hub, and mail when it fails`;
    const remedy = `callysto:settings.environments.${name}.guest.backups is not set`;
    const set = { name: `callysto/${name}`, system: "callysto", about: "homes of the hub's users", remedy };
    return to === undefined ? set : { ...set, outside };
  });
}

function graph(values: StackValues): readonly OutsideSet[] {
  const { dgraph } = openStack(thothSchema, values).settings;
  if (dgraph === undefined || dgraph.backups !== undefined) return [];
  const outside = "graph-sync is to make it again from the documents in S3; else set thoth:settings.dgraph.backups";
  return [{ name: "thoth/dgraph", system: "thoth", about: "graph database", outside, remedy: "" }];
}

function dialsDatabase(values: StackValues): readonly OutsideSet[] {
  const outside = `by the operator of ${openStack(dialsSchema, values).settings.database.host}`;
  return [{ name: "dials/database", system: "dials", about: "PostgreSQL", outside, remedy: "" }];
}

/** @param has - whether the stack has a system */
export function outsideSets(values: StackValues, has: (system: string) => boolean): readonly OutsideSet[] {
  return [
    ...(has("callysto") ? homes(values) : []),
    ...(has("thoth") ? graph(values) : []),
    ...(has("dials") ? dialsDatabase(values) : []),
  ];
}
