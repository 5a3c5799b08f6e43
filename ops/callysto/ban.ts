/** Closes a user's home, so that nobody logs in to it, and opens it again. */
import { homeOf, pool } from "../../components/callysto/guest/homes.ts";
import type { Call, Command } from "../command.ts";
import { environmentHelp, environmentOptions, openEnvironment, reach } from "./environment.ts";
import { checkedUser } from "./quota.ts";

/** `$1` is the user's home, `$2` what `readonly` is to be, `$3` is 1 where nothing may change. */
const script = `set -eu
home=${pool}/home/$1
zfs list -H -o name "$home" >/dev/null 2>&1 || { echo "there is no home of user $1" >&2; exit 1; }
[ "$(zfs get -H -o value readonly "$home")" != "$2" ] || { echo unchanged; exit; }
servers=$([ "$2" = off ] || docker ps -aq --filter "volume=/$home")
if [ -z "$3" ]; then
  zfs set readonly="$2" "$home"
  [ -z "$servers" ] || docker rm -f $servers >/dev/null
fi
echo "changed $(printf '%s' "$servers" | grep -c . || true)"
`;

async function close(closed: boolean, { values, words: [user] }: Call): Promise<number> {
  const name = checkedUser(user);
  const dryRun = values["dry-run"] === true;
  const hub = await reach(openEnvironment(values, "hub"));
  const said = (await hub.run(script, [homeOf(name), closed ? "on" : "off", dryRun ? "1" : ""])).trim();
  const [changed, servers] = [said.startsWith("changed"), Number(said.split(" ")[1] ?? 0)];
  const state = closed ? "closed" : "open";
  if (values.json === true) {
    console.log(JSON.stringify({ user: name, state, changed, servers, dryRun }, undefined, 2));
  } else if (!changed) {
    console.log(`the home of ${name} is ${state} already`);
  } else {
    const stopped = servers === 0 ? "" : ` and ${dryRun ? "stop" : "stopped"} the user's server`;
    console.log(`${dryRun ? "would make" : "made"} the home of ${name} ${state}${stopped}`);
  }
  return 0;
}

const options = { ...environmentOptions, "dry-run": { type: "boolean" }, json: { type: "boolean" } } as const;
const flags = `${environmentHelp}
  --dry-run          change nothing, say what would change
  --json             say it as JSON`;

export const command: Command = {
  help: `Usage: npm run ops -- callysto ban USER --stack S [--dry-run] [--json]

Makes the user's home read-only and stops the server; whoever logs in by that name is told that the home is closed.
Nothing in the home changes.

${flags}`,
  options,
  run: (call) => close(true, call),
};

export const unban: Command = {
  help: `Usage: npm run ops -- callysto unban USER --stack S [--dry-run] [--json]

Makes the user's home writable again.

${flags}`,
  options,
  run: (call) => close(false, call),
};
