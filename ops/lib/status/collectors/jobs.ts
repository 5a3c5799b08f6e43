/** Jobs: which failed and why, and which CronJobs have not run when they should. */
import { Cron } from "croner";
import { asList, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import { type ClusterReader, type LiveObject, namespacesOf } from "../clusterReader.ts";
import { type Found, span } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";
import { podProblem } from "./pods.ts";

/** How late a CronJob may start before it is worth a row, minutes. */
const late = 15;

const condition = (job: LiveObject, type: string): ReturnType<typeof asList>[number] | undefined =>
  asList(job.status?.conditions).find((one) => one.type === type && one.status === "True");

const startOf = ({ metadata, status }: LiveObject): number =>
  Date.parse(asText(status?.startTime) === "" ? (metadata.creationTimestamp ?? "") : asText(status?.startTime));

const ownedBy = ({ metadata }: LiveObject, kind: string, name?: string): boolean =>
  metadata.ownerReferences?.some((one) => one.kind === kind && (name ?? one.name) === one.name) === true;

/** Row of a declared CronJob. @param jobs - and pods: of its namespace */
export function cronJobRow(
  { system, manifest }: DeclaredObject,
  live: LiveObject,
  jobs: readonly LiveObject[],
  pods: readonly LiveObject[],
  now: Date,
): Found {
  const row = { system, part: `${manifest.namespace}/${manifest.name}` };
  const runs = jobs.filter((job) => ownedBy(job, "CronJob", manifest.name)).toSorted((a, b) => startOf(b) - startOf(a));
  const ended = runs.find((job) => condition(job, "Failed") !== undefined || condition(job, "Complete") !== undefined);
  if (ended !== undefined && condition(ended, "Failed") !== undefined) return { ...row, ...failure(ended, pods) };
  if (live.spec?.suspend === true) return { ...row, state: "ok", text: "is suspended" };
  const last = asText(live.status?.lastScheduleTime);
  const due = nextAfter(live, last);
  if (due !== undefined && now.getTime() - due.getTime() > late * 60_000) {
    const text = `has not run since ${last === "" ? "it exists" : last}; the next run was due at ${due.toISOString()}`;
    return { ...row, state: "warn", text, since: due.toISOString() };
  }
  const success = asText(live.status?.lastSuccessfulTime);
  const when = success === "" ? "has not ended yet" : `ended well ${span(now.getTime() - Date.parse(success))} ago`;
  return { ...row, state: "ok", text: last === "" ? "has not been due yet" : `its last run ${when}` };
}

/** When a CronJob is due after its last run; undefined if its schedule cannot be read. */
function nextAfter({ metadata, spec }: LiveObject, last: string): Date | undefined {
  const from = new Date(last === "" ? (metadata.creationTimestamp ?? Date.now()) : last);
  const zone = asText(spec?.timeZone);
  try {
    const cron = new Cron(asText(spec?.schedule), { paused: true, timezone: zone === "" ? "Etc/UTC" : zone });
    return cron.nextRun(from) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Rows of failed Jobs that no CronJob makes: one each of those that are declared, one for all that programs make. */
export function looseJobRows(
  system: string,
  namespace: string,
  declared: ReadonlySet<string>,
  jobs: readonly LiveObject[],
  pods: readonly LiveObject[],
): readonly Found[] {
  const failed = jobs.filter((job) => !ownedBy(job, "CronJob") && condition(job, "Failed") !== undefined);
  const rows = failed
    .filter(({ metadata }) => declared.has(metadata.name))
    .map((job): Found => ({ system, part: `${namespace}/${job.metadata.name}`, ...failure(job, pods) }));
  const others = failed
    .filter(({ metadata }) => !declared.has(metadata.name))
    .toSorted((a, b) => startOf(b) - startOf(a));
  const [newest] = others;
  if (newest === undefined) return rows;
  const { text, ...rest } = failure(newest, pods);
  const count = `${others.length} of ${jobs.length} jobs failed, the newest: `;
  return [...rows, { system, part: `jobs of ${namespace}`, ...rest, state: "warn", text: `${count}${text}` }];
}

function failure(job: LiveObject, pods: readonly LiveObject[]): Pick<Found, "state" | "text" | "since"> {
  const failed = condition(job, "Failed");
  const why = pods.filter((pod) => ownedBy(pod, "Job", job.metadata.name)).flatMap((pod) => podProblem(pod) ?? []);
  const text = [`job ${job.metadata.name} failed: ${asText(failed?.reason)}`, ...why.slice(0, 2)].join("; ");
  const since = asText(failed?.lastTransitionTime);
  return { state: "bad", text, ...(since === "" ? {} : { since }) };
}

async function rowsOf(reader: ClusterReader, objects: readonly DeclaredObject[], now: Date): Promise<readonly Found[]> {
  const namespaces = namespacesOf(objects).map(async (namespace): Promise<readonly Found[]> => {
    const own = objects.filter(({ manifest }) => manifest.namespace === namespace);
    const list = (apiVersion: string, kind: string): Promise<readonly LiveObject[]> =>
      reader.list({ apiVersion, kind, namespace });
    const [crons, jobs, pods] = await Promise.all([
      list("batch/v1", "CronJob"),
      list("batch/v1", "Job"),
      list("v1", "Pod"),
    ]);
    const declared = own.filter(({ manifest }) => manifest.kind === "CronJob");
    const rows = declared.flatMap((one) => {
      const live = crons.find(({ metadata }) => metadata.name === one.manifest.name);
      return live === undefined ? [] : [cronJobRow(one, live, jobs, pods, now)];
    });
    const names = own.filter(({ manifest }) => manifest.kind === "Job").map(({ manifest }) => manifest.name);
    return [...rows, ...looseJobRows(own[0]?.system ?? "", namespace, new Set(names), jobs, pods)];
  });
  return (await Promise.all(namespaces)).flat();
}

export const jobs: Collector = {
  name: "jobs",
  asks: "which jobs failed and why, and which CronJobs are late",
  questions: (situation) => perCluster(situation, ({ objects, reader }) => rowsOf(reader, objects, situation.now)),
};
