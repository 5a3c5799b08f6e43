/** `orrery lab down`. */
import { defineCommand } from "../../../cli/command.ts";
import { down } from "../../lab.ts";
import { hasLab, removeLabFolder } from "../../folder.ts";
import { labSettings, root } from "../../settings.ts";
import { toolchainFolders } from "../../toolchain/toolchain.ts";

export const command = defineCommand({
  about: "Stops the lab. Installs nothing.",
  options: { wipe: { type: "boolean", help: "remove its data and the stacks' state, too" } },
  async run({ wipe }) {
    const lab = labSettings();
    if (hasLab(lab.dir)) await down(lab, toolchainFolders(), wipe);
    else {
      // Nothing to stop is no failure, but it may be another checkout's lab that was meant.
      console.error(`there is no lab in ${lab.dir}`);
      if (wipe) removeLabFolder(lab.dir, root);
    }
    return 0;
  },
});
