/** What `npm start` says of the machine's processors. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "mocha";
import { busyBetween, ticksOf, watchProcessors } from "../../../lab/processors.ts";

describe("how busy processors were", () => {
  const before = ticksOf("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\n");

  it("is the part of the time in which they neither idled nor waited for a disk; guests' time counts once", () => {
    assert.deepEqual(before, { all: 1000, idle: 850 });
    const after = ticksOf("cpu  150 10 70 810 60 5 3 2 40 0\n");
    assert.deepEqual(after, { all: 1110, idle: 870 });
    assert.equal(busyBetween(before, after), 82);
    assert.equal(busyBetween(before, before), 0);
  });

  it("is read from this machine, where work counts as such", () => {
    const worked = (): number => {
      const { all, idle } = ticksOf(readFileSync("/proc/stat", "utf8"));
      return all - idle;
    };
    const [busy, earlier] = [watchProcessors(), worked()];
    for (const end = Date.now() + 500; Date.now() < end;);
    assert.ok(worked() - earlier >= 20, "half a second of work is less than 20 hundredths");
    assert.match(busy(), /^\d+ processors, (\d|[1-9]\d|100) % busy$/);
  });
});
