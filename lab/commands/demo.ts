/** `orrery demo`. */
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { demoSettings, removeCluster, startCluster } from "../demo/cluster.ts";
import { deployDials } from "../demo/dials/deploy.ts";
import { playDials } from "../demo/dials/dials.ts";
import { type Scene, takePictures } from "../demo/pictures.ts";
import { deployPackit } from "../demo/packit/deploy.ts";
import { playPackit } from "../demo/packit/packit.ts";
import { deployProw } from "../demo/prow/deploy.ts";
import { playProw } from "../demo/prow/prow.ts";
import { deployThoth } from "../demo/thoth/deploy.ts";
import { playThoth } from "../demo/thoth/thoth.ts";
import type { Run } from "../pulumi.ts";
import { log } from "../session.ts";
import { root } from "../settings.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** Deploys a system and plays its event. @returns the pages to look at */
const plays: ReadonlyMap<string, (run: Run, tell: Tell) => Promise<readonly Scene[]>> = new Map([
  ["dials", async (run, tell) => playDials(run, await deployDials(run), tell)],
  ["packit", async (run, tell) => playPackit(run, await deployPackit(run), tell)],
  ["prow", async (run, tell) => playProw(run, await deployProw(run), tell)],
  ["thoth", async (run, tell) => playThoth(run, await deployThoth(run), tell)],
]);

export const command = defineCommand({
  usage: "SYSTEM",
  about: `Shows a system at work: dials, packit, prow or thoth. Starts what is missing in a cluster of its own with two real nodes (folder .lab/main-demo), plays an
event, tells each hop with its evidence, and takes pictures. The cluster stays; --down stops it and deletes its data.`,
  options: { down: { type: "boolean", help: "stop the cluster and delete its data, instead" } },
  async run({ down }, [system]) {
    const play = plays.get(system);
    if (play === undefined)
      throw new UsageError(`nothing shows ${system} at work; there are ${[...plays.keys()].join(", ")}`);
    const lab = demoSettings();
    if (down) {
      await removeCluster(lab, log);
      return 0;
    }
    const run = await startCluster(lab, log);
    let hops = 0;
    const scenes = await play(run, (hop, evidence) => {
      hops += 1;
      console.log(`${String(hops).padStart(2)}. ${hop}\n    ${evidence}`);
    });
    const files = await takePictures(lab, path.join(lab.dir, "pictures"), scenes);
    console.log("\nLook at it:");
    const settings = `ORRERY_LAB=${path.relative(root, lab.dir)} ORRERY_PORTS=${lab.firstPort}`;
    for (const { url } of scenes) console.log(`  ${settings} npm run lab -- browse ${url}`);
    for (const file of files) console.log(`  ${path.relative(root, file)}`);
    return 0;
  },
});
