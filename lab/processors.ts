/** How busy this machine's processors were while something took its time: a start can be no faster than they are. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Ticks of all processors together. */
interface Ticks {
  readonly all: number;
  readonly idle: number;
}

/** Of the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests' are in the first two. */
export function ticksOf(stat: string): Ticks {
  const fields = (stat.split("\n")[0] ?? "").trim().split(/ +/).slice(1, 9).map(Number);
  return { all: fields.reduce((sum, each) => sum + each, 0), idle: (fields[3] ?? 0) + (fields[4] ?? 0) };
}

/** Percent of the time that processors worked between two looks. */
export function busyBetween(before: Ticks, after: Ticks): number {
  const all = after.all - before.all;
  return all === 0 ? 0 : Math.round((1 - (after.idle - before.idle) / all) * 100);
}

/** Begins to measure. @returns what says the result, as "2 processors, 97 % busy" */
export function watchProcessors(): () => string {
  const look = (): Ticks => ticksOf(readFileSync("/proc/stat", "utf8"));
  const begun = look();
  return () => `${cpus().length} processors, ${busyBetween(begun, look())} % busy`;
}
