/** `orrery lab down`. */
import { defineCommand } from "../../../cli/command.ts";
import { down } from "../../lab.ts";
import { labSettings } from "../../settings.ts";
import { toolchainFolders } from "../../toolchain/toolchain.ts";

export const command = defineCommand({
  about: "Stops the lab. Installs nothing.",
  options: { wipe: { type: "boolean", help: "remove its data and the stacks' state, too" } },
  async run({ wipe }) {
    await down(labSettings(), toolchainFolders(), wipe);
    return 0;
  },
});
