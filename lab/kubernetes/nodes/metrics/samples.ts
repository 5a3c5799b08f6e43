/** From what a kubelet says at /metrics/resource to processor and memory in use, as metrics-server calculates them. */

/** Counters of a node or container at one time. */
export interface Sample {
  /** Milliseconds since 1970 at which the kubelet measured. */
  readonly at: number;
  /** Seconds of processor time since the start. */
  readonly processor: number;
  /** Working set in bytes. */
  readonly memory: number;
  /** Milliseconds since 1970 at which the container started; a node's is not said. */
  readonly started?: number;
}

/** The newest sample, and the one that the rate is counted from. */
export interface Pair {
  readonly earlier?: Pick<Sample, "at" | "processor">;
  readonly later: Sample;
}

/** What is in use: the mean of a window, and memory at its end. */
export interface Usage {
  /** Cores. */
  readonly processor: number;
  /** Bytes. */
  readonly memory: number;
  /** End of the window in milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Key of the node itself among a kubelet's samples; those of containers are `namespace/pod/container`. */
export const wholeNode = "";

const line = /^(\w+)(?:\{(.*)\})? (\S+)(?: (\d+))?$/;
const label = /(\w+)="([^"]*)"/g;

/** The samples in a kubelet's text, by {@link wholeNode} or container; what lacks processor or memory is left out. */
export function samplesIn(text: string): ReadonlyMap<string, Sample> {
  const found = new Map<string, Partial<Sample>>();
  for (const row of text.split("\n")) {
    const [, name = "", labels = "", number, time] = line.exec(row) ?? [];
    const [, kind, figure] =
      /^(node|container)_(cpu_usage_seconds_total|memory_working_set_bytes|start_time_seconds)$/.exec(name) ?? [];
    if (kind === undefined) continue;
    const value = Number(number);
    const of = new Map([...labels.matchAll(label)].map(([, one, word]) => [one, word]));
    const key = kind === "node" ? wholeNode : ["namespace", "pod", "container"].map((one) => of.get(one)).join("/");
    const read =
      figure === "cpu_usage_seconds_total"
        ? { processor: value, at: Number(time) }
        : figure === "start_time_seconds"
          ? { started: value * 1000 }
          : { memory: value };
    found.set(key, { ...found.get(key), ...read });
  }
  const whole = ([, { at, processor, memory }]: [string, Partial<Sample>]): boolean =>
    [at, processor, memory].every(Number.isFinite);
  return new Map([...found].filter(whole)) as ReadonlyMap<string, Sample>;
}

/** Milliseconds that a new container must have run, and may have run at most, for its start to count as its first sample. */
const fresh = { least: 10_000, most: 30_000 };

/** What is known after one more sample. A kubelet may give the same sample again, and a container may have started again. */
export function following(before: Pair | undefined, later: Sample): Pair {
  if (before !== undefined && later.at <= before.later.at) return before;
  const earlier = before?.later;
  if (earlier?.started === later.started && earlier !== undefined && earlier.processor <= later.processor)
    return { earlier, later };
  const age = later.at - (later.started ?? 0);
  const isFresh = age >= fresh.least && age <= fresh.most;
  return isFresh ? { earlier: { at: later.at - age, processor: 0 }, later } : { later };
}

/** Undefined until there are two samples. */
export function usageOf({ earlier, later }: Pair): Usage | undefined {
  if (earlier === undefined) return undefined;
  const window = later.at - earlier.at;
  return {
    processor: (later.processor - earlier.processor) / (window / 1000),
    memory: later.memory,
    at: later.at,
    window,
  };
}
