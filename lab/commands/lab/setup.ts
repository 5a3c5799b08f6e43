/** `orrery lab setup`, the second half of `npm run setup`. */
import { defineCommand } from "../../../cli/command.ts";
import { ensureImages } from "../../images/build.ts";
import { log, openLab } from "../../session.ts";
import { ensureNodePrograms } from "../../toolchain/nodePrograms.ts";

export const command = defineCommand({
  about: "Installs and builds everything that the lab requires, and starts nothing.",
  options: {},
  async run() {
    await openLab();
    await ensureImages(await ensureNodePrograms(log), log);
    log("set-up is complete; next: npm start");
    return 0;
  },
});
