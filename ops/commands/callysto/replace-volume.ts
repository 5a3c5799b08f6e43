/** Replaces one of the two volumes of the homes' mirror while the hub runs. */
import { pool } from "../../../components/callysto/guest/homes.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { isId } from "../../../blocks/openstack/names.ts";
import { type CloudApi, openCloud } from "../../lib/cloud/openstack.ts";
import { dryRunOption, yesOption } from "../../lib/options.ts";
import { changeAndDeploy } from "../../lib/decision/deploy.ts";
import { changedSettings } from "../../lib/stack.ts";
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

/** The pool must be ONLINE, so that the other volume has all data. Prints a line for each of its disks. */
const whole = `
state=$(zpool list -H -o health ${pool}) || { echo "pool ${pool} is not imported" >&2; exit 1; }
[ "$state" = ONLINE ] || { echo "pool ${pool} is $state; it must be ONLINE before a volume is replaced" >&2; exit 1; }
! zpool status ${pool} | grep -q 'resilver in progress' || { echo "pool ${pool} is still copying; wait until it has finished" >&2; exit 1; }
zpool status -P ${pool} | awk '$1 ~ "^/dev/" { print $1 }'
`;

/**
 * @param disks - paths of the pool's disks, by id
 * @param ids - of the volumes in the settings
 * @throws unless the pool has exactly these two: otherwise the deployment would take more than one half away
 */
export function checkHalves(name: string, disks: readonly string[], ids: readonly string[]): void {
  // The names of virtio disks have the first 20 characters of the volume's id.
  const missing = ids.filter((id) => !disks.some((disk) => disk.includes(id.slice(0, 20))));
  if (missing.length === 0 && disks.length === 2) return;
  throw new Error(
    `pool ${pool} of ${name} is on ${disks.join(" and ")}, the settings say volumes ${ids.join(" and ")}: ` +
      "one volume is replaced at a time; deploy the settings first, or put the volumes that it is on into them",
  );
}

/** Id of a volume that the settings name. @throws if the cloud has none or several of that name */
async function volumeId(volume: string, cloud: () => Promise<CloudApi>): Promise<string> {
  if (isId(volume)) return volume;
  const query = `/volumes?name=${encodeURIComponent(volume)}`;
  const { volumes } = await (await cloud()).get<{ volumes: readonly { readonly id: string }[] }>("volume", query);
  const [only, second] = volumes;
  if (only !== undefined && second === undefined) return only.id;
  throw new Error(`the cloud has ${volumes.length} volumes named ${volume}; name it by its id`);
}

export const command = defineCommand({
  usage: "OLD NEW",
  about: `Replaces one of the two existing volumes of a hub while it runs. NEW takes the place of OLD in the settings, the
deployment detaches the one and attaches the other, and ZFS copies the homes to it. NEW must be blank and at least as big.
Refused while the pool is degraded, or has another volume than the settings say. Replace the second volume only when status says ONLINE again; with both bigger the pool
grows. OLD keeps its data; delete it by hand.`,
  options: { ...environmentOptions, ...yesOption, ...dryRunOption },
  async run(values, [old, next]) {
    const environment = openEnvironment(values, "hub");
    const { stack, name } = environment;
    const volumes = swapped(environment, old, next);
    const present = volumes.map((volume) => (volume === next ? old : volume));
    const cloud = (): Promise<CloudApi> => openCloud(stack.settings.cloud, values);
    const ids = await Promise.all(present.map((volume) => volumeId(volume, cloud)));
    if (ids.includes(await volumeId(next, cloud))) throw new UsageError(`${next} is one of the two volumes already`);
    const disks = (await (await reach(environment)).run(whole)).trim().split("\n");
    checkHalves(name, disks, ids);
    const { dryRun } = values;
    const changes = [{ at: ["environments", name, "volumes", "volumes"], value: volumes }];
    const change = changedSettings(callystoSchema, stack, changes);
    console.log(`${dryRun ? "would set" : "set"} the volumes of ${name} to ${volumes.join(" and ")}`);
    if (dryRun) return 0;
    return changeAndDeploy(stack, {
      command: "callysto replace-volume",
      // A new half may hold the only current copy of what was written since: it is not taken away again.
      pivot: `::callysto-${name}-host-volumes-.*-attachment$`,
      change,
      yes: values.yes,
    });
  },
});
