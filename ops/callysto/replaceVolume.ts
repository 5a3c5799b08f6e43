/** Puts another volume under one half of the homes' mirror while the hub runs. */
import { pool } from "../../components/callysto/guest/homes.ts";
import { callystoSchema } from "../../components/callysto/config.ts";
import { type Command, UsageError } from "../command.ts";
import { changeSettings, pulumiUp } from "../stack.ts";
import { type Environment, environmentHelp, environmentOptions, openEnvironment, reach } from "./environment.ts";

/** Which half of the mirror a volume is, and the pair afterwards. @throws if it cannot be replaced by the other */
export function swapped({ name, settings }: Environment, old: string, next: string): readonly [string, string] {
  if (settings.kind !== "hub" || settings.volumes.mode !== "existing") {
    throw new Error(`the volumes of ${name} are the stack's own; give them another size, or rebuild --volumes`);
  }
  const [one = "", two = ""] = settings.volumes.volumes;
  if (next === one || next === two) throw new UsageError(`${next} is one of the two volumes of ${name} already`);
  if (old === one) return [next, two];
  if (old === two) return [one, next];
  throw new UsageError(`${old} is no volume of ${name}; it has ${one} and ${two}`);
}

/** The pool must be whole, so that the other half has everything. */
const whole = `
state=$(zpool list -H -o health ${pool}) || { echo "pool ${pool} is not imported" >&2; exit 1; }
[ "$state" = ONLINE ] || { echo "pool ${pool} is $state; it must be ONLINE before a half is taken away" >&2; exit 1; }
! zpool status ${pool} | grep -q 'resilver in progress' || { echo "pool ${pool} is still copying; wait for its end" >&2; exit 1; }
`;

export const command: Command = {
  help: `Usage: npm run ops -- callysto replace-volume OLD NEW --stack S [--environment E] [--dry-run] [--yes]

Replaces one of the two existing volumes of a hub: NEW takes the place of OLD in the settings, the deployment detaches the one
and attaches the other, and the converge lets ZFS copy the homes to it. The hub goes on. NEW must be blank and at least as
big. Refused while the pool is not whole. Replace the second half only when \`status\` says ONLINE again; with both bigger the
pool grows. OLD keeps its data; delete it by hand.

${environmentHelp}
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would change`,
  options: { ...environmentOptions, yes: { type: "boolean" }, "dry-run": { type: "boolean" } },
  async run({ values, words: [old, next, ...more] }) {
    if (old === undefined || next === undefined || more.length > 0) throw new UsageError("say replace-volume OLD NEW");
    const environment = openEnvironment(values, "hub");
    const { stack, name } = environment;
    const volumes = swapped(environment, old, next);
    await (await reach(environment)).run(whole);
    const dryRun = values["dry-run"] === true;
    changeSettings(
      callystoSchema,
      stack,
      [{ at: ["environments", name, "volumes", "volumes"], value: volumes }],
      dryRun,
    );
    console.log(`${dryRun ? "would set" : "set"} the volumes of ${name} to ${volumes.join(" and ")}`);
    return dryRun ? 0 : pulumiUp(stack, values.yes === true);
  },
};
