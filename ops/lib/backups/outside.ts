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
    if (environment.kind !== "hub") return [];
    const to = environment.guest?.backup?.remoteHost;
    const text = `a weekly rsync to ${to ?? ""}: /var/log/rrsync.log on the hub, and mail when it fails`;
    const setting = `callysto:settings.environments.${name}.guest.backup`;
    return {
      ...{ name: `callysto/${name}`, system: "callysto", about: "homes of the hub's users" },
      ...(to === undefined ? {} : { outside: text }),
      remedy: `${setting} is not set`,
    };
  });
}

/** @param has - whether the stack has a system */
export function outsideSets(values: StackValues, has: (system: string) => boolean): readonly OutsideSet[] {
  const dgraph = has("thoth") && openStack(thothSchema, values).settings.dgraph !== undefined;
  const server = has("dials") ? openStack(dialsSchema, values).settings.database.host : undefined;
  const byHand = "graph-sync makes it again from the documents in S3; else export it by hand (docs/backups.md)";
  return [
    ...(has("callysto") ? homes(values) : []),
    ...(dgraph
      ? [{ name: "thoth/dgraph", system: "thoth", about: "graph database", outside: byHand, remedy: "" }]
      : []),
    ...(server === undefined
      ? []
      : [
          {
            name: "dials/database",
            system: "dials",
            about: "PostgreSQL",
            outside: `ask whoever runs ${server}`,
            remedy: "",
          },
        ]),
  ];
}
