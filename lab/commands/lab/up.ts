/** `orrery lab up`. */
import { defineCommand } from "../../../cli/command.ts";
import { checkHost } from "../../hostChecks.ts";
import { up } from "../../lab.ts";
import { chooseNodes, nodeOptions } from "../../nodeChoice.ts";
import { log, openLab } from "../../session.ts";
import { labSettings } from "../../settings.ts";

export const command = defineCommand({
  about: `Starts OpenStack, Kubernetes and the machines. Fast if they run already; the first start installs what is missing.

Settings (environment): ORRERY_PORTS, the first of 100 ports (those it had, else 15000); ORRERY_LAB, the state folder (.lab/main); ORRERY_CACHE, the
folder of what is built once per machine (~/.cache/orrery).`,
  options: nodeOptions,
  async run(asked) {
    const settings = labSettings();
    await checkHost(settings);
    await chooseNodes(settings, asked, log);
    const { lab, toolchain } = await openLab();
    await up(lab, toolchain, log);
    log('the lab is up; next: eval "$(npm run --silent lab -- env)"');
    return 0;
  },
});
