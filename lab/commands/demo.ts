/** `orrery demo`. */
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { demoSettings, removeCluster, startCluster } from "../demo/cluster.ts";
import { deployProw } from "../demo/prow/deploy.ts";
import { pictures, playProw } from "../demo/prow/prow.ts";
import { log } from "../session.ts";
import { root } from "../settings.ts";

export const command = defineCommand({
  usage: "SYSTEM",
  about: `Shows a system at work: prow. Starts what is missing in a cluster of its own with two real nodes (folder .lab/main-demo), plays an
event, tells each hop with its evidence, and takes pictures. The cluster stays; --down stops it and deletes its data.`,
  options: { down: { type: "boolean", help: "stop the cluster and delete its data, instead" } },
  async run({ down }, [system]) {
    if (system !== "prow") throw new Error(`nothing shows ${system} at work; there is prow`);
    const lab = demoSettings();
    if (down) {
      await removeCluster(lab, log);
      return 0;
    }
    const run = await startCluster(lab, log);
    const prow = await deployProw(run);
    let hops = 0;
    const scenes = await playProw(run, prow, (hop, evidence) => {
      hops += 1;
      console.log(`${String(hops).padStart(2)}. ${hop}\n    ${evidence}`);
    });
    const files = await pictures(run, scenes);
    console.log("\nLook at it:");
    const settings = `ORRERY_LAB=${path.relative(root, lab.dir)} ORRERY_PORTS=${lab.firstPort}`;
    for (const { url } of scenes) console.log(`  ${settings} npm run lab -- browse ${url}`);
    for (const file of files) console.log(`  ${path.relative(root, file)}`);
    return 0;
  },
});
