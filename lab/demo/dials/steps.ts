/** What happens around one file on EOS, seen from outside: the folder, the scheduler's entry, the databases, Flower. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { KubeApi, KubeObject } from "../../kubernetes/api.ts";
import { labDatabase } from "../../retarget.ts";
import type { Run } from "../../pulumi.ts";
import { execute } from "../kubectl.ts";
import type { DialsAtWork } from "./deploy.ts";

/** A histogram of a stand-in's file, which is JSON in place of ROOT's format. */
interface Histogram {
  readonly me: string;
  readonly run: number;
  readonly ls: number;
  readonly x_min: number;
  readonly x_max: number;
  readonly data: readonly number[];
}

/** A file to be written. */
interface EosFile {
  readonly era: string;
  readonly histograms: readonly Histogram[];
  /** How long its task takes besides. @default none */
  readonly seconds?: number;
}

/** A row of a workspace's files. */
export interface FileRow {
  readonly status: string;
  /** Celery's name of the worker that had it. */
  readonly worker: string;
  /** Histograms of it in the database. */
  readonly rows: number;
}

/** A task as Flower's API has it. */
export interface Task {
  readonly name: string;
  readonly state: string;
  readonly kwargs: string;
  readonly routing_key: string;
}

/** Where a volume of the lab's nodes is on this machine. */
interface Volume {
  readonly spec: { readonly local: { readonly path: string } };
}

/** Puts a file where the ETL's pods see it below /eos/cms, as CMS does: whole or not at all. @returns its logical name */
export async function writeToEos(
  api: KubeApi,
  { namespace }: DialsAtWork,
  { era, ...content }: EosFile,
): Promise<string> {
  const claim = await api.get<{ spec: { volumeName: string } }>(
    `/api/v1/namespaces/${namespace}/persistentvolumeclaims/eos-storage`,
  );
  const { spec } = await api.get<Volume>(`/api/v1/persistentvolumes/${claim.spec.volumeName}`);
  const name = `/store/data/${era}/ZeroBias/DQMIO/PromptReco-v1/000/run-${Date.now()}.json`;
  const file = path.join(spec.local.path, "cms", name);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return name;
}

/** A peak, with what differs from one run to the next. */
export function histogram(me: string, run: number): Histogram {
  const data = Array.from({ length: 40 }, (_, bin) =>
    Math.round(1000 * Math.exp(-(((bin - 14 - (run % 7)) / 6) ** 2))),
  );
  return { me, run, ls: 1, x_min: 0, x_max: 40, data };
}

/** As an operator who does not wait for the full hour: the scheduler believes that its entry last ran two hours ago. */
const due = `from datetime import timedelta
from python.celery import app
from redbeat import RedBeatSchedulerEntry
entry = RedBeatSchedulerEntry.from_key("redbeat:Dataset indexing pipeline", app=app)
entry.reschedule(last_run_at=entry._default_now() - timedelta(hours=2))
print(entry.schedule)`;

/** Makes RedBeat's hourly entry due now. @returns the entry's schedule */
export async function makeDue(run: Run, { namespace }: DialsAtWork): Promise<string> {
  const printed = await execute(run, namespace, ["deployment/common-redbeat", "--", "python3", "-c", due]);
  return printed.trim().split("\n").at(-1) ?? "";
}

/** Files in a workspace's database by their names, without those that the workspace does not know. */
export async function fileRows(
  run: Run,
  workspace: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, FileRow>> {
  const list = names.map((name) => `'${name}'`).join(", ");
  const query = `SELECT f.logical_file_name AS name, f.status, coalesce(f.worker, '') AS worker,
    (SELECT count(*) FROM fact_th1 h WHERE h.file_id = f.file_id) AS rows FROM fact_file_index f WHERE f.logical_file_name IN (${list})`;
  const text = await sql(run, workspace, `SELECT row_to_json(r) FROM (${query}) r`);
  const rows = text.split("\n").filter((line) => line !== "");
  return new Map(
    rows.map((line) => {
      const { name, ...row } = JSON.parse(line) as FileRow & { readonly name: string };
      return [name, row];
    }),
  );
}

/** A file in a workspace's database; undefined if the workspace does not know it. */
export const fileRow = async (run: Run, workspace: string, name: string): Promise<FileRow | undefined> =>
  (await fileRows(run, workspace, [name])).get(name);

/** Numbers of files in a workspace's database, without those that it does not know. */
export async function idsOf(run: Run, workspace: string, names: readonly string[]): Promise<readonly string[]> {
  const list = names.map((name) => `'${name}'`).join(", ");
  const query = `SELECT file_id FROM fact_file_index WHERE logical_file_name IN (${list}) ORDER BY 1`;
  return (await sql(run, workspace, query)).split("\n").filter((line) => line !== "");
}

/** Queues a file again that the workspace knows, by DIALS' own command line as an operator does. */
export async function queueAgain(run: Run, { namespace }: DialsAtWork, workspace: string, name: string): Promise<void> {
  const ids = await idsOf(run, workspace, [name]);
  if (ids.length === 0) return;
  const words = ["python3", "cli.py", "ingesting", "-w", workspace, "-f", ...ids];
  await execute(run, namespace, ["deployment/common-indexer", "--", ...words]);
}

/** Names of the server's databases. */
export async function databases(run: Run): Promise<readonly string[]> {
  const text = await sql(run, "postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1");
  return text.split("\n");
}

async function sql(run: Run, database: string, query: string): Promise<string> {
  const psql = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-tAqc", query, database];
  return (await execute(run, labDatabase.namespace, [`deployment/${labDatabase.name}`, "--", ...psql])).trim();
}

export const flowerPort = 5555;

/** Whom Flower lets in, as its container knows it. */
export async function flowerLogin(
  run: Run,
  { namespace }: DialsAtWork,
): Promise<{ readonly username: string; readonly password: string }> {
  const printed = await execute(run, namespace, ["deployment/flower", "--", "printenv", "FLOWER_BASIC_AUTH"]);
  const [, username = "", password = ""] = /^([^:]*):(.*)$/.exec(printed.trim()) ?? [];
  return { username, password };
}

const askFlower = `import base64, os, sys, urllib.request
login = base64.b64encode(os.environ["FLOWER_BASIC_AUTH"].encode()).decode()
headers = {"Authorization": "Basic " + login}
print(urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:${flowerPort}" + sys.argv[1], headers=headers)).read().decode())`;

/** Flower's tasks; it is asked inside its pod, as by a port that is forwarded. */
export async function tasks(run: Run, { namespace }: DialsAtWork): Promise<readonly Task[]> {
  const words = ["deployment/flower", "--", "python3", "-c", askFlower, "/api/tasks?limit=200"];
  const printed = await execute(run, namespace, words);
  return Object.values(JSON.parse(printed.trim().split("\n").at(-1) ?? "{}") as Readonly<Record<string, Task>>);
}

/** How often containers of the namespace's pods have ended and started again. */
export async function restarts(api: KubeApi, { namespace }: DialsAtWork): Promise<number> {
  interface Pod extends KubeObject {
    readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
  }
  const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
  return pods.flatMap(({ status }) => status.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0);
}
