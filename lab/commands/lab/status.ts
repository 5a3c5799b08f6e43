/** `orrery lab status`. */
import { defineCommand } from "../../../cli/command.ts";
import { health } from "../../lab.ts";
import { labSettings } from "../../settings.ts";
import { toolchainFolders } from "../../toolchain/toolchain.ts";
import { usage } from "../../usage.ts";

export const command = defineCommand({
  about:
    "Shows which services of the lab are healthy, and its memory and processor. Exit code 1 if one is not. Installs nothing.",
  options: { json: { type: "boolean", help: "print JSON" } },
  async run({ json }) {
    const lab = labSettings();
    const rows = [...(await health(lab, toolchainFolders())), ...usage(lab)];
    const lines = rows.map((row) => `${row.healthy ? "ok  " : "DOWN"}  ${row.name.padEnd(18)} ${row.detail}`);
    console.log(json ? JSON.stringify(rows, undefined, 2) : lines.join("\n"));
    return rows.every((row) => row.healthy) ? 0 : 1;
  },
});
