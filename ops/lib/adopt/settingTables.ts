/** The table of each system; its settings are those that its own schema has parsed. */
import type { CallystoSettings } from "../../../components/callysto/settings.ts";
import type { DialsSettings } from "../../../components/dials/settings.ts";
import type { PackitSettings } from "../../../components/packit/settings.ts";
import type { ProwSettings } from "../../../components/prow/settings.ts";
import type { ThothSettings } from "../../../components/thoth/settings.ts";
import { callystoTable } from "../callysto/settingTable.ts";
import { dialsTable } from "../dials/settingTable.ts";
import { packitTable } from "../packit/settingTable.ts";
import { prowTable } from "../prow/settingTable.ts";
import { thothTable } from "../thoth/settingTable.ts";
import type { SettingTable } from "./settingTable.ts";

const tables: Readonly<Record<string, (settings: unknown) => SettingTable>> = {
  callysto: (settings) => callystoTable(settings as CallystoSettings),
  dials: (settings) => dialsTable(settings as DialsSettings),
  packit: (settings) => packitTable("packit", settings as PackitSettings),
  prow: (settings) => prowTable(settings as ProwSettings),
  stream: (settings) => packitTable("stream", settings as PackitSettings),
  thoth: (settings) => thothTable(settings as ThothSettings),
};

/** The table of a system; undefined for what is none, such as the clusters. */
export function settingTables(namespace: string, settings: unknown): SettingTable | undefined {
  return tables[namespace]?.(settings);
}
