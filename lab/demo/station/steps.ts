/** A request for advice, seen from outside: the interface, the jobs that come of it, and the graph. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { ask } from "../outside.ts";
import { endOfJob } from "../cronJobs.ts";
import { execute, kubectl } from "../kubectl.ts";
import { routeOf } from "../thoth/webhooks.ts";
import { until } from "../until.ts";
import type { Station } from "./deploy.ts";

/** A stack that somebody wants advice for. */
export const request = (packages: Readonly<Record<string, string>>): object => ({
  application_stack: {
    requirements: `[packages]\n${Object.entries(packages)
      .map(([name, version]) => `${name} = "${version}"\n`)
      .join("")}`,
  },
  runtime_environment: { python_version: "3.6", operating_system: { name: "fedora", version: "28" } },
});

/** An adviser's result, as far as it is looked at here. */
export interface Advice {
  readonly metadata: { readonly hostname: string; readonly analyzer: string };
  readonly result: {
    readonly parameters: { readonly recommendation_type: string };
    readonly input: { readonly requirements: { readonly packages: Readonly<Record<string, string>> } };
  };
}

/** What the interface answers. @param path - behind /api/v1 */
export async function askApi(
  run: Run,
  { frontend }: Station,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly answer: Readonly<Record<string, unknown>> }> {
  const address = `${await routeOf(run, frontend, "user-api")}/api/v1${path}`;
  const headers = { "content-type": "application/json" };
  const question = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
  const { status, body: text } = await ask(run.lab, address, question);
  return { status, answer: text.startsWith("{") ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : { text } };
}

/** Asks for advice. @returns the analysis' id. @throws with the interface's answer if it refuses */
export async function askForAdvice(
  run: Run,
  station: Station,
  packages: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, answer } = await askApi(run, station, "/advise/python", request(packages));
  if (status !== 202) throw new Error(`user-api answers ${status}: ${JSON.stringify(answer)}`);
  return String(answer.analysis_id);
}

/** The advice, once it is there. @throws if it does not come */
export const adviceOf = (run: Run, station: Station, analysis: string): Promise<Advice> =>
  until(`the advice of ${analysis}`, 240, async () => {
    const { status, answer } = await askApi(run, station, `/advise/python/${analysis}`);
    return status === 200 ? (answer as unknown as Advice) : undefined;
  });

/** A Job of the backend, once it has ended. @returns whether it has succeeded @throws if it does not end */
export const endedJob = (run: Run, { backend }: Station, name: string): Promise<boolean> =>
  until(`the end of Job ${name}`, 240, () => endOfJob(kubeApi(run.lab), backend, name));

/**
 * The line in which a watcher of the backend says what it did about an analysis, once it is there.
 * @param done - a part of the line
 * @throws if it does not come
 */
export const saidAbout = (
  run: Run,
  { frontend, backend }: Station,
  watcher: string,
  analysis: string,
  done: string,
): Promise<string> =>
  until(`"${analysis} ... ${done}" in the log of ${watcher}`, 120, async () => {
    // A pod that is being replaced has no log.
    const log = await kubectl(run, frontend, ["logs", `deployment/${watcher}-${backend}`]).catch(() => "");
    return log.split("\n").find((line) => line.startsWith(analysis) && line.includes(done));
  });

/** What asks the graph for a document, with the variables and certificates of the container in which it runs. */
const question = `import sys
from thoth.storages import GraphDatabase
graph = GraphDatabase()
graph.connect()
print(graph.adviser_document_id_exist(sys.argv[1]))`;

/** Whether the graph knows an adviser's document, as thoth-storages finds out in the interface's pod. */
export async function inGraph(run: Run, { frontend }: Station, analysis: string): Promise<boolean> {
  const words = ["deployment/user-api", "--", "python3", "-W", "ignore", "-c", question, analysis];
  return (await execute(run, frontend, words)).trim().endsWith("True");
}
