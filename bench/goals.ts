/** The project's speed goals, evaluated with the figures of one run. */
import { exponent, median } from "./figures.ts";
import { rows } from "./systems.ts";
import type { Growth, Life, Results, Step } from "./results.ts";

/** A goal: a ratio or an exponent that must not be above a limit. */
export interface Goal {
  readonly says: string;
  readonly limit: number;
  readonly value: number;
  /** What the value is made of. */
  readonly how: string;
}

/** Name of the program itself and of the floor among the contestants. */
export const [own, floor] = ["orrery", "bare program"] as const;

/** Median seconds of a step; undefined where it was not measured. */
export function secondsOf(lives: readonly Life[], system: string, contestant: string, step: Step): number | undefined {
  const life = lives.find((one) => one.system === system && one.contestant === contestant);
  const taken = life?.seconds[step] ?? [];
  return taken.length === 0 ? undefined : median(taken);
}

/** Fitted exponents of time and memory. */
export function exponents(growth: readonly Growth[], what: string): { readonly time: number; readonly memory: number } {
  const rows = growth.filter((one) => one.what === what);
  return {
    time: exponent(rows.map(({ resources, seconds }) => [resources, median(seconds)])),
    memory: exponent(rows.map(({ resources, megabytes }) => [resources, median(megabytes)])),
  };
}

/** Seconds of the systems' own `up`s together; undefined if one was not measured. */
function upOfEach(lives: readonly Life[], names: readonly string[]): number | undefined {
  const each = names.map((name) => secondsOf(lives, name, own, "up"));
  return each.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    0,
  );
}

/** The goals for which the measured parts have figures. */
export function goals({ lives, diffs, growth }: Pick<Results, "lives" | "diffs" | "growth">): readonly Goal[] {
  const found: Goal[] = [];
  const [noop, bare] = [own, floor].map((contestant) => secondsOf(lives, "all", contestant, "noop"));
  if (noop !== undefined && bare !== undefined) {
    const how = `${noop.toFixed(1)} s to ${bare.toFixed(1)} s, all systems in one program`;
    found.push({ says: "no-op `up`, to the bare program's", limit: 1.15, value: noop / bare, how });
  }
  const up = secondsOf(lives, "all", own, "up");
  const today = lives.filter(
    ({ system, contestant }) => system !== "all" && contestant !== own && contestant !== floor,
  );
  const names = Object.keys(rows);
  const sum = today.reduce((total, { seconds }) => total + median(seconds.up ?? []), 0);
  const [every, singles] = [names.every((name) => today.some(({ system }) => system === name)), upOfEach(lives, names)];
  if (every && singles !== undefined) {
    const how = `${singles.toFixed(1)} s to ${sum.toFixed(1)} s (${names.join(", ")})`;
    const says = "the systems from nothing to ready, each a stack, to today's tools; all one after the other";
    found.push({ says, limit: 1, value: singles / sum, how });
  }
  if (every && up !== undefined) {
    const says = "all systems in one stack from nothing to ready, to today's tools one after the other";
    found.push({ says, limit: 1, value: up / sum, how: `${up.toFixed(1)} s to ${sum.toFixed(1)} s` });
  }
  const [still, tofu] = [own, "OpenTofu"].map((contestant) => secondsOf(lives, "callysto", contestant, "noop"));
  if (still !== undefined && tofu !== undefined) {
    const how = `${still.toFixed(1)} s to ${tofu.toFixed(1)} s`;
    found.push({ says: "Callysto's no-op `up`, to OpenTofu's", limit: 1.2, value: still / tofu, how });
  }
  const ratios = diffs.map(({ stack, offline, kubectl }) => ({ stack, ratio: median(offline) / median(kubectl) }));
  if (ratios.length > 0) {
    const how = ratios.map(({ stack, ratio }) => `${stack} ${ratio.toFixed(2)}`).join(", ");
    const worst = Math.max(...ratios.map(({ ratio }) => ratio));
    found.push({ says: "offline diff, to `kubectl diff` (the worst stack)", limit: 0.6, value: worst, how });
  }
  if (growth.some(({ what }) => what === "evaluation")) {
    const { time, memory } = exponents(growth, "evaluation");
    const how = `CPU time; memory ${memory.toFixed(2)}`;
    found.push({ says: "evaluation's exponent up to ten times the size", limit: 1.1, value: time, how });
  }
  return found;
}
