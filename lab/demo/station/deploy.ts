/** Deploys the station and the Dgraph of stack `stage` to the demonstrations' cluster, next to an object store. */
import { rmSync, writeFileSync } from "node:fs";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { dgraph } from "../../images/dgraph.ts";
import { stationRecipes, store } from "../../images/thothStation.ts";
import { labTarget, type Run } from "../../pulumi.ts";
import { retarget } from "../../retarget.ts";
import { offerRecipes } from "../server.ts";
import { demoStackFile, upDemo } from "../stack.ts";
import { type Bucket, startStore } from "./store.ts";

const source = "stage";
const name = "demo-station";

/** The station at work: where its parts are. */
export interface Station {
  readonly frontend: string;
  /** Where advisers run. */
  readonly backend: string;
  readonly bucket: Bucket;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployStation(run: Run): Promise<Station> {
  await offerRecipes(run, [dgraph, ...stationRecipes, store]);
  const stack = readStackFile(stackPath(source));
  const { station } = JSON.parse(stack.entries.get("thoth:settings")?.value ?? "{}") as Settings;
  // The default of components/thoth/station/settings.ts.
  const bucket = { endpoint: station.s3.endpoint, name: "DH-DEV-DATA" };
  await startStore(run, bucket);
  const bots = ["config", "thoth:settings", "bots"];
  const file = demoStackFile(run, name);
  const before = `${file}.source`;
  writeFileSync(before, withoutPaths(keepSystems(stack.text, ["clusters", "thoth"]), [bots]), { mode: 0o600 });
  retarget(before, file, labTarget(run.lab), samplePassphrase(source), true);
  rmSync(before);
  await upDemo(run, { name, source, system: "Thoth's station" });
  return { frontend: "thoth-frontend-stage", backend: "thoth-backend-stage", bucket };
}

/** What is read here of the stack's settings. */
interface Settings {
  readonly station: { readonly s3: { readonly endpoint: string } };
}
