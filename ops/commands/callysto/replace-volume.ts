/** Replaces one of the two volumes of the homes' mirror while the hub runs. */
import { pool } from "../../../components/callysto/guest/homes.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption, yesOption } from "../../lib/options.ts";
import { changeSettings, pulumiUp } from "../../lib/stack.ts";
import { type Environment, environmentOptions, openEnvironment, reach } from "../../lib/callysto/environment.ts";

/** The two volumes after the replacement. @throws if the old one cannot be replaced by the new one */
export function swapped({ name, settings }: Environment, old: string, next: string): readonly [string, string] {
  if (settings.kind !== "hub" || settings.volumes.mode !== "existing") {
    throw new Error(`the volumes of ${name} are the stack's own; give them another size, or rebuild --volumes`);
  }
  const [one = "", two = ""] = settings.volumes.volumes;
  if (next === one || next === two) throw new UsageError(`${next} is one of the two volumes of ${name} already`);
  if (old === one) return [next, two];
  if (old === two) return [one, next];
  throw new UsageError(`${old} is not a volume of ${name}; it has ${one} and ${two}`);
}

/** The pool must be ONLINE, so that the other volume has all data. */
const whole = `
state=$(zpool list -H -o health ${pool}) || { echo "pool ${pool} is not imported" >&2; exit 1; }
[ "$state" = ONLINE ] || { echo "pool ${pool} is $state; it must be ONLINE before a volume is replaced" >&2; exit 1; }
! zpool status ${pool} | grep -q 'resilver in progress' || { echo "pool ${pool} is still copying; wait until it has finished" >&2; exit 1; }
`;

export const command = defineCommand({
  usage: "OLD NEW",
  about: `Replaces one of the two existing volumes of a hub while it runs. NEW takes the place of OLD in the settings, the
deployment detaches the one and attaches the other, and ZFS copies the homes to it. NEW must be blank and at least as big.
Refused while the pool is degraded. Replace the second volume only when status says ONLINE again; with both bigger the pool
grows. OLD keeps its data; delete it by hand.`,
  options: { ...environmentOptions, ...yesOption, ...dryRunOption },
  async run(values, [old, next]) {
    const environment = openEnvironment(values, "hub");
    const { stack, name } = environment;
    const volumes = swapped(environment, old, next);
    await (await reach(environment)).run(whole);
    const { dryRun } = values;
    changeSettings(
      callystoSchema,
      stack,
      [{ at: ["environments", name, "volumes", "volumes"], value: volumes }],
      dryRun,
    );
    console.log(`${dryRun ? "would set" : "set"} the volumes of ${name} to ${volumes.join(" and ")}`);
    return dryRun ? 0 : pulumiUp(stack, values.yes);
  },
});
