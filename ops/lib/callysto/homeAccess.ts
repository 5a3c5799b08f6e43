/** Closes a user's home, so that nobody logs in to it, and opens it again. */
import { homeOf, pool } from "../../../components/callysto/guest/homes.ts";
import type { ValuesOf } from "../../../cli/options.ts";
import { dryRunOption, jsonOption } from "../options.ts";
import { environmentOptions, openEnvironment, reach } from "./environment.ts";
import { checkedUser } from "./homes.ts";

/** `$1` is the user's home, `$2` what `readonly` is to be, `$3` is 1 where nothing may change. */
export const homeAccessScript = `set -eu
home=${pool}/home/$1
zfs list -H -o name "$home" >/dev/null 2>&1 || { echo "there is no home of user $1" >&2; exit 1; }
servers=$([ "$2" = off ] || docker ps -aq --filter "volume=/$home")
# A run that ended midway has closed the home and left its server.
[ "$(zfs get -H -o value readonly "$home")" != "$2" ] || [ -n "$servers" ] || { echo unchanged; exit; }
if [ -z "$3" ]; then
  zfs set readonly="$2" "$home"
  [ -z "$servers" ] || docker rm -f $servers >/dev/null
fi
echo "changed $(printf '%s' "$servers" | grep -c . || true)"
`;

export const homeAccessOptions = { ...environmentOptions, ...dryRunOption, ...jsonOption };

/** Opens or closes a user's home. @returns the exit code */
export async function setHomeAccess(
  user: string,
  state: "open" | "closed",
  values: ValuesOf<typeof homeAccessOptions>,
): Promise<number> {
  const name = checkedUser(user);
  const { dryRun } = values;
  const hub = await reach(openEnvironment(values, "hub"));
  const said = (
    await hub.run(homeAccessScript, [homeOf(name), state === "closed" ? "on" : "off", dryRun ? "1" : ""])
  ).trim();
  const [changed, servers] = [said.startsWith("changed"), Number(said.split(" ")[1] ?? 0)];
  if (values.json) {
    console.log(JSON.stringify({ user: name, state, changed, servers, dryRun }, undefined, 2));
  } else if (!changed) {
    console.log(`the home of ${name} is ${state} already`);
  } else {
    const stopped = servers === 0 ? "" : ` and ${dryRun ? "stop" : "stopped"} the user's server`;
    console.log(`${dryRun ? "would make" : "made"} the home of ${name} ${state}${stopped}`);
  }
  return 0;
}
