/** `orrery demo`. */
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { demoSettings, removeCluster, startCluster } from "../demo/cluster.ts";
import { playCallysto } from "../demo/callysto/callysto.ts";
import { deployCallysto, startCloud } from "../demo/callysto/deploy.ts";
import { chromiumLine } from "../demo/callysto/hub.ts";
import { deployDgraph } from "../demo/dgraph/deploy.ts";
import { playDgraph } from "../demo/dgraph/dgraph.ts";
import { deployDials } from "../demo/dials/deploy.ts";
import { playDials } from "../demo/dials/dials.ts";
import { type Scene, takePictures } from "../demo/pictures.ts";
import { deployPackit } from "../demo/packit/deploy.ts";
import { playPackit } from "../demo/packit/packit.ts";
import { deployProw } from "../demo/prow/deploy.ts";
import { playProw } from "../demo/prow/prow.ts";
import { deployStation } from "../demo/station/deploy.ts";
import { playStation } from "../demo/station/station.ts";
import { deployStream } from "../demo/stream/deploy.ts";
import { playStream } from "../demo/stream/stream.ts";
import { deployThoth } from "../demo/thoth/deploy.ts";
import { playThoth } from "../demo/thoth/thoth.ts";
import type { Run } from "../pulumi.ts";
import { log } from "../session.ts";
import { type LabSettings, root } from "../settings.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** What a demonstration leaves behind. */
interface Seen {
  /** Commands that open its pages. */
  readonly open: readonly string[];
  readonly pictures: readonly string[];
}

/** Starts what is missing, deploys a system and plays its event. */
type Play = (lab: LabSettings, tell: Tell) => Promise<Seen>;

/** A system that is deployed to a cluster. */
function inCluster<T>(
  deploy: (run: Run) => Promise<T>,
  play: (run: Run, system: T, tell: Tell) => Promise<readonly Scene[]>,
): Play {
  return async (lab, tell) => {
    const run = await startCluster(lab, log);
    const scenes = await play(run, await deploy(run), tell);
    const pictures = await takePictures(lab, path.join(lab.dir, "pictures"), scenes);
    const settings = `ORRERY_LAB=${path.relative(root, lab.dir)} ORRERY_PORTS=${lab.firstPort}`;
    const served = scenes.filter(({ open }) => open === undefined);
    return { open: served.map(({ url }) => `${settings} npm run lab -- browse ${url}`), pictures };
  };
}

const plays: ReadonlyMap<string, Play> = new Map([
  [
    "callysto",
    async (lab: LabSettings, tell: Tell): Promise<Seen> => {
      const run = await startCloud(lab, log);
      const hub = await deployCallysto(run);
      const pictures = await playCallysto(run, hub, tell);
      return { open: [await chromiumLine(hub)], pictures };
    },
  ],
  ["dgraph", inCluster(deployDgraph, playDgraph)],
  ["dials", inCluster(deployDials, playDials)],
  ["packit", inCluster(deployPackit, playPackit)],
  ["prow", inCluster(deployProw, playProw)],
  ["station", inCluster(deployStation, playStation)],
  ["stream", inCluster(deployStream, playStream)],
  ["thoth", inCluster(deployThoth, playThoth)],
]);

export const command = defineCommand({
  usage: "SYSTEM",
  about: `Shows a system at work: callysto, dgraph or station (of Thoth), dials, packit, prow, stream or thoth. Starts what is missing in a lab of its own, a cluster with two real nodes
or OpenStack (folder .lab/main-demo), plays an event, tells each hop with its evidence, and takes pictures. It stays; --down stops it and deletes its data.`,
  options: { down: { type: "boolean", help: "stop it and delete its data, instead" } },
  async run({ down }, [system]) {
    const play = plays.get(system);
    if (play === undefined)
      throw new UsageError(`nothing shows ${system} at work; there are ${[...plays.keys()].join(", ")}`);
    const lab = demoSettings();
    if (down) {
      await removeCluster(lab, log);
      return 0;
    }
    let hops = 0;
    const { open, pictures } = await play(lab, (hop, evidence) => {
      hops += 1;
      console.log(`${String(hops).padStart(2)}. ${hop}\n    ${evidence}`);
    });
    console.log("\nLook at it:");
    for (const line of [...open, ...pictures.map((file) => path.relative(root, file))]) console.log(`  ${line}`);
    return 0;
  },
});
