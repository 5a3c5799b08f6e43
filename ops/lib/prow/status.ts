/** What Prow says about itself: its jobs, by their state. */
import { prowSchema } from "../../../components/prow/config.ts";
import { asText } from "../../../policy/manifest.ts";
import { openStack } from "../stack.ts";
import type { LiveObject } from "../status/clusterReader.ts";
import type { Collector } from "../status/collector.ts";
import { type Found, span } from "../status/row.ts";

/** Minutes that a job may wait for a place. */
const longWait = 60;

/** Hours for which a job that could not be run is worth a row. */
const recent = 24;

/** Rows of all ProwJobs that the cluster still has. */
export function prowJobRows(jobs: readonly LiveObject[], now: Date): readonly Found[] {
  const row = { system: "prow", part: "prowjobs" };
  const age = (job: LiveObject, key: string): number => now.getTime() - Date.parse(asText(job.status?.[key]));
  const inState = (state: string): readonly LiveObject[] => jobs.filter(({ status }) => status?.state === state);
  const [waiting, running] = [[...inState("triggered"), ...inState("scheduling")], inState("pending")];
  const text = `${running.length} jobs run, ${waiting.length} wait, ${jobs.length} are kept`;
  const late = waiting.filter((job) => age(job, "startTime") > longWait * 60_000);
  const failed = inState("error").filter((job) => age(job, "completionTime") < recent * 3_600_000);
  const named = (all: readonly LiveObject[]): string =>
    [...new Set(all.map(({ spec, metadata }) => asText(spec?.job) || metadata.name))].slice(0, 3).join(", ");
  const oldest = Math.max(...late.map((job) => age(job, "startTime")));
  return [
    { ...row, state: "ok", text },
    ...(late.length === 0
      ? []
      : [
          {
            ...row,
            state: "warn",
            text: `${late.length} jobs wait, the longest for ${span(oldest)}: ${named(late)}`,
          } as const,
        ]),
    ...(failed.length === 0
      ? []
      : [{ ...row, state: "warn", text: `${failed.length} jobs could not be run today: ${named(failed)}` } as const]),
  ];
}

/** Prow's own queue: the ProwJobs. */
export const prowQueue: Collector = {
  name: "queues",
  asks: "how many of Prow's jobs wait",
  questions: (situation) => {
    if (!situation.systems.includes("prow")) return [];
    const { cluster, namespaces } = openStack(prowSchema, situation.values).settings;
    const reader = situation.clusters.find(({ name }) => name === cluster)?.reader;
    if (reader === undefined) return [];
    const at = { apiVersion: "prow.k8s.io/v1", kind: "ProwJob", namespace: namespaces.prow };
    const ask = async (): Promise<readonly Found[]> => prowJobRows(await reader.list(at), situation.now);
    return [{ target: `cluster ${cluster}`, systems: ["prow"], ask }];
  },
};
