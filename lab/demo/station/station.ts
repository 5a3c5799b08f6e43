/** Thoth's station at work: what a request for advice sets off, hop by hop, with the evidence of each. */
import type { Run } from "../../pulumi.ts";
import { adviceOf, askApi, askForAdvice, endedJob, inGraph, request, saidAbout } from "./steps.ts";
import type { Station } from "./deploy.ts";
import { keysOf } from "./store.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** Plays a request for advice until the graph knows its result. @throws naming the hop that did not happen */
export async function playStation(run: Run, station: Station, tell: Tell): Promise<readonly []> {
  tell(
    "stand-ins take the places of the station's programs and of Ceph, which are in no package",
    "thoth-common, thoth-storages, thoth-analyzer and pydgraph, which they are made of, and Dgraph 1.2.8 are real",
  );
  const analysis = await askForAdvice(run, station, { flask: "*", six: ">=1.12" });
  tell("somebody asks user-api for advice at its Route; it leaves a ConfigMap where advisers run", analysis);
  tell(
    "the workload operator looks at the quota, fills in the Template and makes a Job of it",
    await saidAbout(run, station, "workload-operator", analysis, "made"),
  );
  const advice = await adviceOf(run, station, analysis);
  const { packages } = advice.result.input.requirements;
  tell(
    "the Job's pod, the adviser, gives its result to result-api; the user gets it",
    `${advice.metadata.analyzer} on ${advice.metadata.hostname}: ${Object.entries(packages).join(" ")}`,
  );
  const kept = (await keysOf(run, station.bucket)).find((one) => one.endsWith(`/adviser/${analysis}`));
  if (kept === undefined) throw new Error(`the bucket has no result of ${analysis}`);
  tell("result-api has put it into the object store", `${station.bucket.bucket}: ${kept}`);
  await endedJob(run, station, analysis);
  tell(
    "the graph-sync scheduler sees that the Job has succeeded, and asks for its result to be put into the graph",
    await saidAbout(run, station, "graph-sync-scheduler", analysis, "has succeeded"),
  );
  if (!(await endedJob(run, station, `graph-sync-${analysis}`))) throw new Error(`Job graph-sync-${analysis} failed`);
  tell("a Job of another Template reads the document and writes to Dgraph", `graph-sync-${analysis} has succeeded`);
  if (!(await inGraph(run, station, analysis))) throw new Error(`the graph does not know ${analysis}`);
  tell("thoth-storages, in user-api's pod, finds it in the graph over TLS with the station's certificate", "True");
  const refused = await askApi(run, station, "/advise/python?recommendation_type=best", request({ flask: "*" }));
  tell("what is no request for advice is refused", `status ${refused.status}`);
  return [];
}
