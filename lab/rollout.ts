/** While Pulumi waits for pods of real nodes: says which of them fail and why, as Pulumi itself does only at the end of its patience. */
import { setTimeout as sleep } from "node:timers/promises";
import { kubeApi } from "./kubernetes/api.ts";
import {
  type ClusterEvent,
  type ClusterReader,
  describeFailures,
  type Failure,
  type FailingPod,
  failuresOf,
} from "./kubernetes/failures.ts";
import { realNodes } from "./kubernetes/nodes/plan.ts";
import type { Log } from "./component.ts";
import type { LabSettings } from "./settings.ts";

/** Seconds between two looks; a failure that both see is reported, as many programs fail until what they call runs. */
const pause = 10;

/**
 * Runs `work` and meanwhile tells each failure once.
 * @returns what `work` returns
 */
export async function withFailures<T>(lab: LabSettings, log: Log, work: () => Promise<T>): Promise<T> {
  if (realNodes(lab).length === 0) return work();
  const ended = new AbortController();
  const watching = watch(lab, log, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await watching;
  }
}

/** Asks the lab's cluster for what explains failures. */
export function readerOf(lab: LabSettings): ClusterReader {
  const api = kubeApi(lab);
  return {
    get: (path) => api.get(path),
    text: async (path) => {
      const { status, body } = await api.text(path);
      if (status !== 200) throw new Error(body);
      return body;
    },
  };
}

async function watch(lab: LabSettings, log: Log, ended: AbortSignal): Promise<void> {
  const reader = readerOf(lab);
  const reported = new Set<string>();
  let before = new Set<string>();
  while (!ended.aborted) {
    await sleep(pause * 1000, undefined, { signal: ended }).catch(() => undefined);
    const found = await failing(reader).catch(() => []);
    const lasting = found.filter((failure) => before.has(keyOf(failure)) && !reported.has(keyOf(failure)));
    before = new Set(found.map(keyOf));
    for (const failure of lasting) reported.add(keyOf(failure));
    for (const text of await describeFailures(reader, lasting)) log(text);
  }
}

/** Reasons change while a container is started again and again. */
const keyOf = ({ object, container = "" }: Failure): string => `${object} ${container}`;

/** Everything that fails now. */
export async function failing(reader: ClusterReader): Promise<Failure[]> {
  const [pods, events] = await Promise.all([
    reader.get<{ items: FailingPod[] }>("/api/v1/pods"),
    reader.get<{ items: ClusterEvent[] }>("/api/v1/events"),
  ]);
  return failuresOf(pods.items, events.items);
}
