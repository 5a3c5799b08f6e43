/** A request for advice, seen from outside: the interface, the jobs that come of it, and the graph. */
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { execute, kubectl } from "../kubectl.ts";
import { ask } from "../outside.ts";
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

/** A Job as far as it is looked at here. */
export interface Job extends KubeObject {
  readonly status?: { readonly succeeded?: number; readonly failed?: number };
}

/** A Job of the backend, once it has ended. @throws if it does not */
export const endedJob = (run: Run, { backend }: Station, name: string): Promise<Job> =>
  until(`the end of Job ${name}`, 240, async () => {
    const all = await kubeApi(run.lab).list<Job>(`/apis/batch/v1/namespaces/${backend}/jobs`);
    return all.find(
      ({ metadata, status }) => metadata.name === name && (status?.succeeded ?? 0) + (status?.failed ?? 0) > 0,
    );
  });

/** The line in which a watcher of the backend says what it did about an analysis, once it is there. @throws if it does not come */
export const saidAbout = (
  run: Run,
  { frontend, backend }: Station,
  watcher: string,
  analysis: string,
): Promise<string> =>
  until(`what ${watcher} says about ${analysis}`, 120, async () => {
    const log = await kubectl(run, frontend, ["logs", `deployment/${watcher}-${backend}`, "--tail=200"]);
    return log.split("\n").find((line) => line.startsWith(analysis));
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
