/** What a run of everything at once comes to. */
import type { Verdict } from "../expected.ts";
import type { Answer } from "./answers.ts";
import type { Counts } from "./database.ts";
import { growthText, isFlat, memoryText, type Sample } from "../../lab/memory.ts";
import type { Share } from "../../lab/usage.ts";
import type { Operation } from "./stacks.ts";

/** Seconds above which no answer of the lab's may take. */
export const limit = 30;

/** All that was seen. */
export interface Seen {
  readonly minutes: number;
  readonly operations: readonly Operation[];
  readonly suites: Readonly<Record<string, Verdict>>;
  readonly answers: number;
  /** The slowest answers, the slowest first. */
  readonly slowest: readonly Answer[];
  /** Answers of the class 5xx. */
  readonly broken: readonly Answer[];
  /** Lines of logs about a deadlock that a service did not get over. */
  readonly stuck: readonly string[];
  /** Requests that waited for a thread of a service, at most. */
  readonly queue: number;
  readonly database: Counts;
  readonly memory: readonly Sample[];
  /** What each daemon took when it began and when it ended. */
  readonly daemons: { readonly before: Daemons; readonly after: Daemons };
}

type Daemons = Readonly<Record<string, Share>>;

/** What must not be, in a line each; none for a good run. */
export function faults(seen: Seen): readonly string[] {
  const failed = seen.operations.filter((one) => one.failed !== undefined);
  const slow = seen.slowest.filter(({ seconds }) => seconds > limit);
  const silent = Object.entries(seen.suites).filter(([, { passed, skipped, failed, unexpected }]) =>
    [passed, skipped, unexpected.length, ...Object.values(failed)].every((count) => count === 0),
  );
  return [
    ...(seen.operations.length === 0 ? ["no stack went up"] : []),
    ...silent.map(([suite]) => `${suite}: no test ended`),
    ...failed.map(({ stack, what, failed: said = "" }) => `${stack}, ${what}: ${said}`),
    ...Object.entries(seen.suites).flatMap(([suite, { unexpected }]) =>
      unexpected.map(({ test, says = "it gives no reason" }) => `${suite}: ${test}: ${says}`),
    ),
    ...slow.map((answer) => `took longer than ${limit} s: ${text(answer)}`),
    ...seen.stuck.map((line) => `deadlock: ${line}`),
    ...(isFlat(seen.memory) ? [] : [`memory grew by ${growthText(seen.memory)}`]),
  ];
}

/** The figures in lines, and the faults. */
export function reportText(seen: Seen): string {
  const of = (what: Operation["what"]): number => seen.operations.filter((one) => one.what === what).length;
  const longest = Math.max(0, ...seen.operations.map(({ seconds }) => seconds));
  const { deadlocks, waits, longest: wait, opened, connections } = seen.database;
  const suites = Object.entries(seen.suites).map(([suite, { passed, failed, unexpected, skipped }]) => {
    const expected = Object.values(failed).reduce((sum, one) => sum + one, 0);
    return `${suite} ${passed} passed, ${unexpected.length} failed, ${expected} failed as expected, ${skipped} skipped`;
  });
  const bad = faults(seen);
  return [
    `${seen.minutes.toFixed(1)} minutes`,
    `stacks: ${of("up")} up, ${of("change")} changed, ${of("down")} down, ${longest.toFixed(0)} s the longest`,
    ...suites,
    `answers: ${seen.answers}, ${seen.broken.length} of them 5xx; the slowest:`,
    ...seen.slowest.map((answer) => `  ${text(answer)}`),
    ...seen.broken.slice(0, 20).map((answer) => `  5xx: ${text(answer)}`),
    `requests that waited for a thread: ${seen.queue} at most`,
    `database: ${deadlocks} deadlocks, which services began again; ${waits} waits for a row, ${wait.toFixed(1)} s the longest`,
    `  ${connections} connections at most, ${opened} tables opened meanwhile`,
    memoryText(seen.memory),
    `  grown most: ${largest(seen, ({ grown }) => grown, "GB")}`,
    `processors: ${largest(seen, ({ cores }) => cores, "cores")}`,
    ...(bad.length === 0 ? ["nothing wrong"] : [`${bad.length} wrong:`, ...bad.map((line) => `  ${line}`)]),
  ].join("\n");
}

/** The five daemons with the largest figure. */
function largest(
  { daemons, minutes }: Seen,
  figure: (of: { grown: number; cores: number }) => number,
  unit: string,
): string {
  const none: Share = { memory: 0, processor: 0 };
  const rows = Object.entries(daemons.after).map(([name, { memory, processor }]) => {
    const before = daemons.before[name] ?? none;
    return {
      name,
      // One that was started again meanwhile has counted from zero.
      value: figure({
        grown: memory - before.memory,
        cores: Math.max(0, processor - before.processor) / (minutes * 60),
      }),
    };
  });
  const first = rows.toSorted((a, b) => b.value - a.value).slice(0, 5);
  return `${first.map(({ name, value }) => `${name} ${value.toFixed(2)}`).join(", ")} ${unit}`;
}

const text = ({ service, request, status, seconds }: Answer): string =>
  `${seconds.toFixed(1)} s ${service} ${request} ${status}`;
