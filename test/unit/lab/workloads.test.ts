/** When a pod on a real node counts as running. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isSettled } from "../../../lab/workloads.ts";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const running = (started: number, ended?: number) => ({
  ...ready,
  containerStatuses: [
    {
      state: { running: { startedAt: at(started) } },
      ...(ended === undefined ? {} : { lastState: { terminated: { finishedAt: at(ended) } } }),
    },
  ],
});

describe("a pod on a real node", () => {
  it("counts when it is ready, in what was said since its node's start", () => {
    assert.equal(isSettled(running(110), 100_000, 111_000), true);
    assert.equal(isSettled({ ...running(110), conditions: [] }, 100_000, 111_000), false);
    assert.equal(isSettled(running(90), 100_000, 111_000), false, "an older start is from before the node's");
  });

  it("counts ten seconds after it was started again, as one that ends at once is ready each time for a moment", () => {
    assert.equal(isSettled(running(110, 109), 100_000, 111_000), false);
    assert.equal(isSettled(running(110, 109), 100_000, 121_000), true);
    assert.equal(isSettled(running(110, 90), 100_000, 111_000), true, "the node's own end ended it");
  });
});
