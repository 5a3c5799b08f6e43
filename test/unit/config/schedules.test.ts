import assert from "node:assert/strict";
import { z } from "zod";
import { defineSystem } from "../../../config/define.ts";
import { schedule, timeZone } from "../../../config/fields.ts";
import { describeSchedule, longestGap, nextRuns, schedulesOf } from "../../../config/schedules.ts";

const now = new Date("2026-03-28T12:00:00Z");
const next = (text: string, zone = "Etc/UTC"): readonly string[] =>
  nextRuns({ schedule: text, timeZone: zone }, now).map((run) => run.toISOString().slice(0, 16));

describe("schedules", () => {
  it("schedules run next at the times that Kubernetes' controller computes, in their own time zone", () => {
    assert.deepEqual(next("30 4 * * *"), ["2026-03-29T04:30", "2026-03-30T04:30"]);
    // The clocks go forward in the night to 29 March.
    assert.deepEqual(next("0 12 * * *", "Europe/Prague"), ["2026-03-29T10:00", "2026-03-30T10:00"]);
    // Day of month or day of week, as both are restricted.
    assert.deepEqual(next("0 0 1 * 1"), ["2026-03-30T00:00", "2026-04-01T00:00"]);
    assert.deepEqual(next("@weekly"), ["2026-03-29T00:00", "2026-04-05T00:00"]);
    assert.deepEqual(next("@every 1h"), []);
  });

  it("the longest time between two runs counts the nights and the weekends between them", () => {
    const hours = (text: string, timeZone = "Etc/UTC"): number => longestGap({ schedule: text, timeZone }) / 3600;
    assert.equal(hours("*/20 * * * *"), 1 / 3);
    assert.equal(hours("@daily"), 24);
    assert.equal(hours("0 2 * * 2"), 7 * 24);
    assert.equal(hours("0 12 * * 1-5", "Europe/Prague"), 3 * 24);
    assert.equal(hours("*/10 8-17 * * *"), 14 + 1 / 6);
    assert.equal(hours("@every 1h30m"), 1.5);
  });

  it("schedules are described with their next two runs", () => {
    const daily = { schedule: "0 12 * * *", timeZone: "Europe/Prague" };
    const text = "0 12 * * *, next 2026-03-29 12:00 and 2026-03-30 12:00 (Europe/Prague)";
    assert.equal(describeSchedule(daily, now), text);
    assert.equal(describeSchedule({ ...daily, schedule: "@every 1h" }, now), "@every 1h");
  });

  it("schedules are found in settings unless they are disabled or suspended", () => {
    const job = z.strictObject({ enabled: z.boolean(), schedule });
    const demo = defineSystem({
      namespace: "demo",
      settings: z.strictObject({
        suspendCronJobs: z.boolean(),
        jobs: z.record(z.string(), job),
        scrum: z.boolean(),
        scrumSchedule: schedule,
        scrumTimeZone: timeZone,
      }),
      secrets: {},
    });
    const settings = {
      suspendCronJobs: false,
      jobs: { one: { enabled: true, schedule: "@daily" }, two: { enabled: false, schedule: "@daily" } },
      scrum: true,
      scrumSchedule: "0 9 * * 1",
      scrumTimeZone: "Europe/Prague",
    };
    const jobs = [{ path: "demo:settings.jobs.one.schedule", schedule: "@daily", timeZone: "Etc/UTC" }];
    const scrum = { path: "demo:settings.scrumSchedule", schedule: "0 9 * * 1", timeZone: "Europe/Prague" };
    assert.deepEqual(schedulesOf(demo, settings), [...jobs, scrum]);
    assert.deepEqual(schedulesOf(demo, { ...settings, scrum: false }), jobs);
    assert.deepEqual(schedulesOf(demo, { ...settings, suspendCronJobs: true }), []);
  });
});
