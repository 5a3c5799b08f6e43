/** `orrery lab up`. */
import { defineCommand } from "../../../cli/command.ts";
import { createLabFolder } from "../../folder.ts";
import { chooseRealNodes, mostNodes } from "../../kubernetes/nodes/plan.ts";
import { assertFeatures } from "../../kubernetes/nodes/requirements.ts";
import { up } from "../../lab.ts";
import { openLab } from "../../session.ts";
import { labSettings, root } from "../../settings.ts";

export const command = defineCommand({
  about: `Starts OpenStack, Kubernetes and the machines. Fast if they run already; the first start installs what is missing.

Settings (environment): ORRERY_PORTS, the first of 100 ports (15000); ORRERY_LAB, the state folder (.lab/main); ORRERY_CACHE, the
folder of what is built once per machine (~/.cache/orrery).`,
  options: {
    "real-nodes": {
      type: "integer",
      min: 0,
      max: mostNodes,
      help: "nodes that run containers, instead of two simulated ones (0: simulated); kept until lab down --wipe",
    },
  },
  async run({ realNodes }) {
    if (realNodes !== undefined) {
      if (realNodes > 0) assertFeatures();
      const settings = labSettings();
      createLabFolder(settings.dir, root);
      chooseRealNodes(settings, realNodes);
    }
    const { lab, toolchain, log } = await openLab();
    await up(lab, toolchain, log);
    log('the lab is up; next: eval "$(npm run --silent lab -- env)"');
    return 0;
  },
});
