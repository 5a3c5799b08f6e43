/** Which settings of Callysto declare which fields of the cloud's resources. */
import type { CallystoSettings } from "../../../components/callysto/settings.ts";
import type { FieldRow, SettingTable } from "../adopt/settingTable.ts";

/** The table for a stack's settings. */
export function callystoTable({ environments, zones }: CallystoSettings): SettingTable {
  const hosts = Object.entries(environments).flatMap(([name, settings]): readonly FieldRow[] => {
    // A generated name is in no cloud yet.
    if (settings.name.mode !== "fixed") return [];
    const hostname = `${settings.name.label}.${settings.domain}`;
    const at = (...setting: readonly string[]): readonly string[] => ["environments", name, ...setting];
    const volume = (suffix: string, size: readonly string[], type?: readonly string[]): readonly FieldRow[] => [
      { object: `Volume ${hostname}-${suffix}`, field: "size", setting: size },
      ...(type === undefined ? [] : [{ object: `Volume ${hostname}-${suffix}`, field: "volumeType", setting: type }]),
    ];
    const disks =
      settings.kind === "hub"
        ? settings.volumes.mode === "new"
          ? volume("zfs-01", at("volumes", "size"), at("volumes", "type"))
          : []
        : [...volume("homedir", at("homedirSize")), ...volume("docker", at("dockerSize"))];
    return [{ object: `Instance ${hostname}`, field: "flavorName", setting: at("flavor") }, ...disks];
  });
  const created = Object.entries(zones).flatMap(([zone, { mode }]): readonly FieldRow[] =>
    mode === "create" ? [{ object: `Zone ${zone}.`, field: "email", setting: ["zones", zone, "email"] }] : [],
  );
  return { choices: [], fields: [...hosts, ...created] };
}
