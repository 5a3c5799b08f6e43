/** `orrery lab reset`. */
import { defineCommand } from "../../../cli/command.ts";
import { createLabFolder } from "../../folder.ts";
import { askUpstream, asksUpstream, chooseRealNodes, realNodes } from "../../kubernetes/nodes/plan.ts";
import { down, up } from "../../lab.ts";
import { openLab } from "../../session.ts";
import { root } from "../../settings.ts";

export const command = defineCommand({
  about: "Restarts the lab with two empty clouds and nodes as before: down --wipe, then up.",
  options: {},
  async run() {
    const { lab, toolchain, log } = await openLab();
    const [nodes, upstream] = [realNodes(lab).length, asksUpstream(lab)];
    await down(lab, toolchain, true);
    createLabFolder(lab.dir, root);
    chooseRealNodes(lab, nodes);
    if (upstream) askUpstream(lab);
    await up(lab, toolchain, log);
    return 0;
  },
});
