/** Renames homes when `sso.names` changes: from the name of the one kind to the name of the other. */
import { readFileSync } from "node:fs";
import { pool } from "../../../components/callysto/guest/homes.ts";
import { hashedName, namesOf, withSource } from "../../../components/callysto/guest/names.ts";
import type { SsoSettings } from "../../../components/callysto/guest/settings.ts";
import { sessionCookies, simplesamlFolder } from "../../../components/callysto/guest/simplesaml.ts";
import { bothNamesFolder } from "../../../components/callysto/guest/sourceFilters.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption } from "../../lib/options.ts";
import { secretOf } from "../../lib/secrets.ts";
import { environmentOptions, openEnvironment, reach } from "../../lib/callysto/environment.ts";

/** A person's names. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

/** What becomes of a home: renamed, or left because the new name has one, because its server runs, or because zfs refused. */
export type Fate = "rename" | "taken" | "runs" | "failed";

/** Lines `from to` on standard input; `$1` is the hub's cookie by its present names, `$2` 1 to do it, `$3` 1 to set homes aside. */
export const renameScript = `set -eu
grep -qsF "'$1'" ${simplesamlFolder}/config.php ||
  { echo "the hub does not make names as the stack's file says; deploy first: npx pulumi up" >&2; exit 1; }
there() { zfs list -H -o name "${pool}/home/$1" >/dev/null 2>&1; }
runs() { [ -n "$(docker ps -q --filter "volume=/${pool}/home/$1")" ]; }
while read -r from to; do
  there "$from" || continue
  if runs "$from" || runs "$to"; then
    echo "runs $from $to"
    continue
  fi
  if there "$to"; then
    if [ -z "$3" ] || there "$to.aside"; then
      echo "taken $from $to"
      continue
    fi
    [ -z "$2" ] || zfs rename "${pool}/home/$to" "${pool}/home/$to.aside" || { echo "failed $from $to"; continue; }
  fi
  [ -z "$2" ] || zfs rename "${pool}/home/$from" "${pool}/home/$to" || { echo "failed $from $to"; continue; }
  echo "rename $from $to"
done
`;

/** Pairs that the hub has kept, by the names of its files; `byAttribute.bySource.source`. */
export function keptPairs(listed: string, source: string, names: "attribute" | "source"): readonly Pair[] {
  return listed.split("\n").flatMap((file) => {
    const [byAttribute = "", bySource = "", of] = file.split(".");
    if (of !== source || byAttribute === "") return [];
    return [names === "source" ? { from: byAttribute, to: bySource } : { from: bySource, to: byAttribute }];
  });
}

/** Pairs of people by what the source calls them, a line each. */
export function computedPairs(
  people: string,
  {
    salt,
    hostname,
    entityId,
    names,
  }: { salt: string; hostname: string; entityId: string; names: "attribute" | "source" },
): readonly Pair[] {
  return people
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((value) => {
      const byAttribute = hashedName(salt, hostname, value);
      const bySource = hashedName(salt, hostname, withSource(value, entityId));
      return names === "source" ? { from: byAttribute, to: bySource } : { from: bySource, to: byAttribute };
    });
}

/** The source with the wanted name, or the only one. @throws UsageError */
export function sourceOf({ sources }: Pick<SsoSettings, "sources">, wanted: string | undefined): string {
  const names = Object.keys(sources);
  const [only] = names;
  if (wanted === undefined && names.length === 1 && only !== undefined) return only;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw new UsageError(
    wanted === undefined
      ? `whose homes? name their source by --source: ${names.join(", ")}`
      : `there is no source "${wanted}"; there are: ${names.join(", ")}`,
  );
}

/** A line of the script as one for people. */
function lineOf(fate: Fate, { from, to }: Pair, apply: boolean): string {
  const lines: Readonly<Record<Fate, string>> = {
    rename: `${apply ? "renamed" : "would rename"} ${from} to ${to}`,
    taken: `left ${from}: ${to} has a home already; --set-aside gives that one the name ${to}.aside`,
    runs: `left ${from}: a server runs; try again when it has ended`,
    failed: `left ${from}: zfs could not rename it to ${to}`,
  };
  return lines[fate];
}

export const command = defineCommand({
  about: `Renames homes to the names that sso.names now gives their users. After sso.names has changed and is deployed, people log in
by another name. This renames the home of each person of the source to the present name; quota and a closed home stay. The pairs
of names come from what the hub has stored since sso.keepBothNames is true, or from a file with one person per line as the source
names them, e.g. the address. Without --apply nothing changes, and the renames are only listed. Exit code 1 if a home of these
people was not renamed.`,
  options: {
    ...environmentOptions,
    source: { type: "string", help: "source of the people; needed where the hub has several sources" },
    people: { type: "string", value: "FILE", help: "instead of the names that the hub has stored" },
    apply: { type: "boolean", help: "rename them" },
    "dry-run": { type: "boolean", help: "change nothing, say what would change; the default without --apply" },
    "set-aside": { type: "boolean", help: "a home that has the new name already gets the suffix .aside" },
    ...jsonOption,
  },
  async run(values) {
    if (values.apply && values.dryRun) throw new UsageError("either --apply or --dry-run");
    const environment = openEnvironment(values, "hub");
    const { stack, name, settings } = environment;
    const sso = settings.kind === "hub" ? settings.guest?.sso : undefined;
    if (sso === undefined) throw new Error(`${name} has no single sign-on, so its users' names are no hashes`);
    const source = sourceOf(sso, values.source);
    const names = namesOf(sso);
    const file = values.people;
    const people = file === undefined ? undefined : readFileSync(file, "utf8");
    const hub = await reach(environment);
    const pairs =
      people === undefined
        ? keptPairs(await hub.run(`ls ${bothNamesFolder} 2>/dev/null || true`), source, names)
        : computedPairs(people, {
            salt: secretOf(stack, `callysto:ssoSalt-${name}`),
            hostname: hub.hostname,
            entityId: sso.sources[source]?.entityId ?? "",
            names,
          });
    if (pairs.length === 0) {
      throw new Error(
        `${name} knows nobody of source ${source} by both names: set sso.keepBothNames: true, deploy and let people log in, or give their names by --people`,
      );
    }
    const { apply } = values;
    const said = await hub.run(
      renameScript,
      [sessionCookies[names], apply ? "1" : "", values.setAside ? "1" : ""],
      pairs.map(({ from, to }) => `${from} ${to}\n`).join(""),
    );
    const homes = said
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [fate = "failed", from = "", to = ""] = line.split(" ");
        return { fate: fate as Fate, from, to };
      });
    const left = homes.filter(({ fate }) => fate !== "rename").length;
    if (values.json) console.log(JSON.stringify({ source, names, apply, homes }, undefined, 2));
    else {
      for (const home of homes) console.log(lineOf(home.fate, home, apply));
      console.log(
        `${homes.length - left} ${apply ? "renamed" : "to be renamed"}, ${left} left, of ${pairs.length} people known by both names`,
      );
    }
    return left === 0 ? 0 : 1;
  },
});
