/** Quota of users' homes: `refquota` of their ZFS datasets. */
import { homeOf, pool } from "../../../components/callysto/guest/homes.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { checkedSize, checkedUser, type Home, homesOf } from "../../lib/callysto/homes.ts";
import { dryRunOption, jsonOption } from "../../lib/options.ts";
import { environmentOptions, openEnvironment, reach, type Reached } from "../../lib/callysto/environment.ts";

const list = `zfs list -H -t filesystem -o name,used,refquota "$@"`;

const line = ({ name, used, refquota }: Home): string => `${name}: ${used} / ${refquota}`;

const known = `zfs list -H -o name "$1" >/dev/null 2>&1 || { echo "there is no home of user \${1##*/}; they are made when users log in" >&2; exit 1; }`;

async function read(hub: Reached, user: string | undefined): Promise<readonly Home[]> {
  if (user === undefined) return homesOf(await hub.run(list, ["-r", `${pool}/home`]));
  return homesOf(await hub.run(`${known}; ${list}`, [`${pool}/home/${homeOf(user)}`]));
}

export const command = defineCommand({
  usage: "get|set [USER] [SIZE]",
  about: `Prints or sets the quota of users' homes. "get [USER]" prints one line per home, "name: used / quota"; only the user's
one if a user is named. "set USER SIZE" sets a quota (10G, 500M, none) and prints the line. It fails for users without a home,
and for less than the home uses already. New users get 1G.`,
  options: { ...environmentOptions, ...dryRunOption, ...jsonOption },
  async run(values, [verb, user, size]) {
    if (verb === "get" && size !== undefined) throw new UsageError("quota get takes one user at most");
    const name = verb === "set" || user !== undefined ? checkedUser(user) : undefined;
    const wanted = verb === "set" ? checkedSize(size) : undefined;
    const hub = await reach(openEnvironment(values, "hub"));
    const before = await read(hub, name);
    if (wanted !== undefined && values.dryRun) {
      console.log(`would set ${before.map(line).join("")} to ${wanted}`);
      return 0;
    }
    if (wanted !== undefined)
      await hub.run(`zfs set refquota="$2" "$1"`, [`${pool}/home/${homeOf(name ?? "")}`, wanted]);
    const homes = wanted === undefined ? before : await read(hub, name);
    console.log(values.json ? JSON.stringify(homes, undefined, 2) : homes.map(line).join("\n"));
    return 0;
  },
});
