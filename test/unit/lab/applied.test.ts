/** When `npm start` leaves out an update, and how long the nodes' controller waits between two runs. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, it } from "mocha";
import { isApplied, remembered } from "../../../lab/applied.ts";
import { createLabFolder } from "../../../lab/folder.ts";
import { coalesced } from "../../../lab/kubernetes/nodes/follow.ts";
import { chooseRealNodes } from "../../../lab/kubernetes/nodes/plan.ts";
import { type Run, stateFile } from "../../../lab/pulumi.ts";
import { labSettings, root } from "../../../lab/settings.ts";
import { toolchainFolders } from "../../../lab/toolchain/toolchain.ts";

describe("An update of npm start", () => {
  let run: Run;
  let state: string;
  const update = (code: number) => (): Promise<number> => {
    mkdirSync(path.dirname(state), { recursive: true });
    writeFileSync(state, `left by ${code}`);
    return Promise.resolve(code);
  };
  beforeEach(() => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-applied-"));
    createLabFolder(dir, root);
    const lab = labSettings({ ORRERY_LAB: dir, ORRERY_PORTS: "31600" });
    run = { lab, toolchain: toolchainFolders(), log: () => undefined };
    state = stateFile(lab, "test");
  });
  afterEach(() => {
    rmSync(run.lab.dir, { recursive: true });
  });

  it("is left out after one that succeeded, and not before one", async () => {
    assert.equal(isApplied(run, "test"), false);
    assert.equal(await remembered(run, "test", update(0)), 0);
    assert.equal(isApplied(run, "test"), true);
    assert.equal(isApplied(run, "stage"), false);
  });

  it("runs after one that failed, also where an earlier one succeeded", async () => {
    await remembered(run, "test", update(0));
    assert.equal(await remembered(run, "test", update(3)), 3);
    assert.equal(isApplied(run, "test"), false);
  });

  it("runs when the state is another one, the lab has other nodes, or a day has passed", async () => {
    await remembered(run, "test", update(0));
    writeFileSync(state, "destroyed");
    assert.equal(isApplied(run, "test"), false);
    await remembered(run, "test", update(0));
    chooseRealNodes(run.lab, 3);
    assert.equal(isApplied(run, "test"), false);
    await remembered(run, "test", update(0));
    assert.equal(isApplied(run, "test"), true);
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(path.join(run.lab.dir, "applied-test"), yesterday, yesterday);
    assert.equal(isApplied(run, "test"), false);
  });

  it("runs when the program was edited meanwhile", async () => {
    const file = path.join(root, "lab", `edited-${process.pid}.txt`);
    try {
      await remembered(run, "test", async () => {
        writeFileSync(file, "meanwhile");
        return update(0)();
      });
      assert.equal(isApplied(run, "test"), false);
    } finally {
      rmSync(file);
    }
  });

  it("is remembered without a secret of the lab", async () => {
    await remembered(run, "test", update(0));
    assert.ok(!readFileSync(path.join(run.lab.dir, "applied-test"), "utf8").includes(run.lab.password));
  });
});

describe("Coalesced work", () => {
  it("leaves twice the time that it takes to others", async () => {
    const took = 100;
    const [first, second] = await new Promise<readonly number[]>((resolve) => {
      const starts: number[] = [];
      const changed = coalesced("slow", 1, async () => {
        if (starts.push(performance.now()) === 1)
          changed(); // meanwhile
        else resolve(starts);
        await sleep(took);
      });
      changed();
    });
    assert.ok((second ?? 0) - (first ?? 0) >= 2.9 * took);
  });
});
