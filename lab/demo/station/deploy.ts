/** Deploys the station and the Dgraph of stack `stage` to the demonstrations' cluster, next to an object store. */
import { thothSchema } from "../../../components/thoth/config.ts";
import { keepSystems, put, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { dgraph } from "../../images/dgraph.ts";
import { stationRecipes, store } from "../../images/thothStation.ts";
import type { Run } from "../../pulumi.ts";
import { offerRecipes } from "../server.ts";
import { upDemo, writeDemoStack } from "../stack.ts";
import { type Bucket, startStore } from "./store.ts";

const stack = { name: "demo-station", source: "stage" } as const;

/** The station at work: where its parts are. */
export interface Station {
  readonly frontend: string;
  /** Where advisers run. */
  readonly backend: string;
  /** Where results are kept. */
  readonly bucket: Bucket;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployStation(run: Run): Promise<Station> {
  await offerRecipes(run, [dgraph, ...stationRecipes, store]);
  const { text, entries } = readStackFile(stackPath(stack.source));
  const { station } = thothSchema.settings.parse(JSON.parse(entries.get("thoth:settings")?.value ?? "{}"));
  if (station === undefined) throw new Error(`stack ${stack.source} has no station`);
  await startStore(run, station.s3);
  const at = ["config", "thoth:settings"];
  const alone = withoutPaths(keepSystems(text, ["clusters", "thoth"]), [[...at, "bots"]]);
  // As a first deployment, whose graph is empty.
  const image = "registry.sample.invalid/thoth-station/init-job:cc26a76";
  const first = put(
    put(alone, [...at, "station", "initialize"], true),
    [...at, "station", "images", "init-job"],
    image,
  );
  writeDemoStack(run, stack, first);
  await upDemo(run, { ...stack, system: "Thoth's station" });
  return { frontend: "thoth-frontend-stage", backend: "thoth-backend-stage", bucket: station.s3 };
}
