/** `orrery lab status`. */
import { defineCommand } from "../../../cli/command.ts";
import { health } from "../../lab.ts";
import { hasLab, noLab } from "../../folder.ts";
import { labSettings } from "../../settings.ts";
import { toolchainFolders } from "../../toolchain/toolchain.ts";
import { usage } from "../../usage.ts";

export const command = defineCommand({
  about:
    "Shows which services of the lab are healthy, and its memory and processor. Exit code 1 if one is not. Installs nothing.",
  options: { json: { type: "boolean", help: "print JSON" } },
  async run({ json }) {
    const lab = labSettings();
    // Without a lab, all that answers on its ports is somebody else's.
    if (!hasLab(lab.dir)) {
      console.error(noLab(lab.dir));
      if (json) console.log("[]");
      return 1;
    }
    const rows = [...(await health(lab, toolchainFolders())), ...usage(lab)];
    const lines = rows.map((row) => `${row.healthy ? "ok  " : "DOWN"}  ${row.name.padEnd(18)} ${row.detail}`);
    console.log(json ? JSON.stringify(rows, undefined, 2) : lines.join("\n"));
    return rows.every((row) => row.healthy) ? 0 : 1;
  },
});
