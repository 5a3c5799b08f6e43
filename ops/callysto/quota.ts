/** Room of the users' homes: `refquota` of their ZFS datasets. */
import { homeOf, pool, userOf } from "../../components/callysto/guest/homes.ts";
import { type Command, UsageError } from "../command.ts";
import { environmentHelp, environmentOptions, openEnvironment, reach, type Reached } from "./environment.ts";

/** Room of one home. */
export interface Home {
  readonly name: string;
  /** As ZFS writes it, e.g. 24K. */
  readonly used: string;
  /** As ZFS writes it; `none` where there is no limit. */
  readonly refquota: string;
}

const list = `zfs list -H -t filesystem -o name,used,refquota "$@"`;

/** What a user may be called; hubs write names in lower case, and some are mail addresses. */
const userName = /^[a-z0-9_][a-z0-9._+'-]*(@[a-z0-9.-]+)?$/;

/** @throws UsageError */
export function checkedUser(user: string | undefined): string {
  if (user === undefined) throw new UsageError("which user? name one");
  if (!userName.test(user))
    throw new UsageError(`"${user}" is no user name: use a-z, 0-9, dots, dashes, underscores, or an address`);
  return user;
}

/** @throws UsageError */
export function checkedSize(size: string | undefined): string {
  if (size === undefined) throw new UsageError("how much? give a size such as 500M or 10G, or none");
  if (!/^(none|[1-9]\d*(\.\d+)?[KMGT])$/.test(size)) {
    throw new UsageError(`"${size}" is no size: give a number with K, M, G or T, e.g. 10G, or none`);
  }
  return size;
}

/** Lines of `zfs list` as homes, sorted by name; the parent is among them, as ever. */
export function homesOf(listed: string): readonly Home[] {
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", used = "", refquota = ""] = line.split("\t");
      return { name: userOf(name.slice(name.lastIndexOf("/") + 1)), used, refquota };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const line = ({ name, used, refquota }: Home): string => `${name}: ${used} / ${refquota}`;

const known = `zfs list -H -o name "$1" >/dev/null 2>&1 || { echo "there is no home of user \${1##*/}; they are made when users log in" >&2; exit 1; }`;

async function read(hub: Reached, user: string | undefined): Promise<readonly Home[]> {
  if (user === undefined) return homesOf(await hub.run(list, ["-r", `${pool}/home`]));
  return homesOf(await hub.run(`${known}; ${list}`, [`${pool}/home/${homeOf(user)}`]));
}

export const command: Command = {
  help: `Usage: npm run ops -- callysto quota get [USER] --stack S [--json]
       npm run ops -- callysto quota set USER SIZE --stack S [--dry-run] [--json]

get prints one line a home, "name: used / quota"; of one user only, if one is named. set gives a user so much room (10G,
500M, none) and prints the line. It fails for users without a home, and for less than the home holds already. New users
get 1G.

${environmentHelp}
  --dry-run          change nothing, say what would change
  --json             say it as JSON`,
  options: { ...environmentOptions, "dry-run": { type: "boolean" }, json: { type: "boolean" } },
  async run({ values, words: [verb, user, size, ...more] }) {
    if ((verb !== "get" && verb !== "set") || more.length > 0)
      throw new UsageError("say quota get [USER] or quota set USER SIZE");
    if (verb === "get" && size !== undefined) throw new UsageError("quota get takes one user at most");
    const name = verb === "set" || user !== undefined ? checkedUser(user) : undefined;
    const wanted = verb === "set" ? checkedSize(size) : undefined;
    const hub = await reach(openEnvironment(values, "hub"));
    const before = await read(hub, name);
    if (wanted !== undefined && values["dry-run"] === true) {
      console.log(`would set ${before.map(line).join("")} to ${wanted}`);
      return 0;
    }
    if (wanted !== undefined)
      await hub.run(`zfs set refquota="$2" "$1"`, [`${pool}/home/${homeOf(name ?? "")}`, wanted]);
    const homes = wanted === undefined ? before : await read(hub, name);
    console.log(values.json === true ? JSON.stringify(homes, undefined, 2) : homes.map(line).join("\n"));
    return 0;
  },
};
