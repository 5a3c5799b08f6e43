/** What a collector is: it turns answers of clouds and programs into rows. */
import type { Found } from "./row.ts";
import type { Situation } from "./situation.ts";

/** One question; all are asked at the same time, each with its own time limit. */
export interface Question {
  /** Who is asked: `cluster online`. */
  readonly target: string;
  /** Systems that its rows are about: they are unknown if there is no answer. */
  readonly systems: readonly string[];
  /** @throws with one clear message if there is no answer */
  ask(): Promise<readonly Found[]>;
}

/** One kind of question. */
export interface Collector {
  /** In `--only`, `--skip` and every row. */
  readonly name: string;
  /** What it asks, for the help. */
  readonly asks: string;
  /** It asks others than the stack's clouds: without their answer everything can be well. @default false */
  readonly outside?: true;
  questions(situation: Situation): readonly Question[];
}

/** A question to each cluster that objects are declared in. */
export function perCluster(
  { clusters }: Situation,
  ask: (cluster: Situation["clusters"][number]) => Promise<readonly Found[]>,
  concerns: (cluster: Situation["clusters"][number]) => boolean = () => true,
): readonly Question[] {
  return clusters.filter(concerns).map((cluster) => ({
    target: `cluster ${cluster.name}`,
    systems: [...new Set(cluster.objects.map(({ system }) => system))],
    ask: () => ask(cluster),
  }));
}
