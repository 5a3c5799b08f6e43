/** `orrery lab reset`. */
import { defineCommand } from "../../../cli/command.ts";
import { down, up } from "../../lab.ts";
import { openLab } from "../../session.ts";

export const command = defineCommand({
  about: "Restarts the lab with two empty clouds: down --wipe, then up.",
  options: {},
  async run() {
    const { lab, toolchain, log } = await openLab();
    await down(lab, toolchain, true);
    await up(lab, toolchain, log);
    return 0;
  },
});
