/** What `lab status` says of a lab's memory and processor, with real processes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { start, stop } from "../../../lab/process.ts";
import { type LabSettings, labSettings } from "../../../lab/settings.ts";
import { measure, measureDaemons, usage } from "../../../lab/usage.ts";

/** Holds 200 MB and works for a second, in a child of the daemon's. */
const work = `const held = Buffer.alloc(200e6, 1);
for (const end = Date.now() + 1000; Date.now() < end; ) held[0]++;
setInterval(() => held, 1000);`;

describe("what a lab takes of the machine", function () {
  this.timeout(60_000);
  let lab: LabSettings;
  before(() => {
    lab = labSettings({ ORRERY_LAB: mkdtempSync(path.join(tmpdir(), "orrery-usage-")) });
  });
  after(async () => {
    await stop(lab.dir, "one");
    rmSync(lab.dir, { recursive: true });
  });

  it("is nothing, without a row, where nothing runs", () => {
    assert.deepEqual(usage(lab), []);
  });

  it("is what its daemons take with all their children, and nothing when they have ended", async () => {
    start(lab.dir, { name: "one", command: "sh", args: ["-c", '"$0" -e "$1"; :', process.execPath, work] });
    const end = Date.now() + 30_000;
    while (measure(lab).memory < 0.2 && Date.now() < end) await sleep(50);
    const { memory, processes } = measure(lab);
    assert.ok(memory > 0.2 && memory < 0.6, `${memory} GB`);
    assert.equal(processes, 2);
    while (measure(lab).processor < 0.1 && Date.now() < end) await sleep(50);
    const { one, ...none } = measureDaemons(lab);
    assert.deepEqual(none, {});
    assert.ok(Math.abs((one?.memory ?? 0) - memory) < 0.1 && (one?.processor ?? 0) >= 0.1, JSON.stringify(one));
    const [row, ...others] = usage(lab);
    assert.deepEqual([row?.name, row?.healthy, others], ["memory, processor", true, []]);
    assert.match(row?.detail ?? "", /^0\.[2-5] GB, [01]\.\d cores on average since its start; 2 processes$/);
    await stop(lab.dir, "one");
    assert.deepEqual(usage(lab), []);
  });
});
