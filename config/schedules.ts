/** When the CronJobs run whose schedules are settings. */
import { Cron } from "croner";
import { z } from "zod";
import type { AnySystem } from "./define.ts";

/** A schedule among a system's settings. */
export interface Schedule {
  /** Config key and path, e.g. `packit:settings.sandbox.cleanup`. */
  readonly path: string;
  /** Cron expression as the stack has it. */
  readonly schedule: string;
  /** @default "Etc/UTC", as for CronJobs */
  readonly timeZone: string;
}

const cronOf = ({ schedule, timeZone }: Omit<Schedule, "path">): Cron =>
  new Cron(schedule, { timezone: timeZone, sloppyRanges: true, paused: true });

/**
 * The next times at which Kubernetes starts a run; none for `@every`, which counts from the start of the CronJob's controller.
 * @param after - the runs begin after this time
 */
export function nextRuns({ schedule, timeZone }: Omit<Schedule, "path">, after: Date, count = 2): readonly Date[] {
  if (schedule.startsWith("@every ")) return [];
  return cronOf({ schedule, timeZone }).nextRuns(count, after);
}

/** The schedule with its next runs on one line: `0 4 * * *, next 2026-11-23 04:00 and 2026-11-24 04:00 (Etc/UTC)`. */
export function describeSchedule(schedule: Omit<Schedule, "path">, now: Date): string {
  const runs = nextRuns(schedule, now).map((run) => localTime(run, schedule.timeZone));
  return runs.length === 0
    ? schedule.schedule
    : `${schedule.schedule}, next ${runs.join(" and ")} (${schedule.timeZone})`;
}

/** `2026-11-23 04:00` in a time zone. */
function localTime(date: Date, timeZone: string): string {
  const options = { timeZone, dateStyle: "short", timeStyle: "short" } as const;
  // Sweden's format is ISO 8601 without seconds.
  return new Intl.DateTimeFormat("sv-SE", options).format(date);
}

type Node = z.core.JSONSchema.JSONSchema;
type Fields = Readonly<Record<string, unknown>>;

/**
 * The schedules of a system's settings that are in use: not suspended, and neither `enabled: false` nor `<name>: false`
 * next to `<name>Schedule`. The time zone is the setting `<name>TimeZone` next to it.
 */
export function schedulesOf({ namespace, settings: schema }: AnySystem, settings: unknown): readonly Schedule[] {
  const whole = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return walk(whole, settings as Fields, `${namespace}:settings`);
}

function walk(node: Node, fields: Fields, path: string): readonly Schedule[] {
  if (fields.enabled === false || fields.suspendCronJobs === true) return [];
  return Object.entries(fields).flatMap(([name, value]): readonly Schedule[] => {
    const below = node.properties?.[name] ?? node.additionalProperties;
    if (typeof below !== "object") return [];
    if (typeof value === "object" && value !== null) return walk(below, value as Fields, `${path}.${name}`);
    const program = name.replace(/Schedule$/, "");
    if (below.format !== "cron" || typeof value !== "string" || fields[program] === false) return [];
    const zone = fields[`${program}TimeZone`];
    return [{ path: `${path}.${name}`, schedule: value, timeZone: typeof zone === "string" ? zone : "Etc/UTC" }];
  });
}

/** The longest time between two runs of a schedule, in seconds, as far as eight days and at least three runs show it. */
export function longestGap({ schedule, timeZone }: Omit<Schedule, "path">): number {
  const every = /^@every (.+)$/.exec(schedule)?.[1];
  if (every !== undefined) {
    const units = { h: 3600, m: 60, s: 1 };
    return [...every.matchAll(/([\d.]+)([hms])/g)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
      0,
    );
  }
  const cron = cronOf({ schedule, timeZone });
  // A fixed Monday, so that the program declares the same at any time.
  let at = cron.nextRun(new Date("2024-01-01T00:00:00Z"));
  const until = Date.parse("2024-01-09T00:00:00Z");
  const gaps: number[] = [];
  while (at !== null && (at.getTime() < until || gaps.length < 3)) {
    const next = cron.nextRun(at);
    if (next !== null) gaps.push((next.getTime() - at.getTime()) / 1000);
    at = next;
  }
  return Math.max(0, ...gaps);
}
