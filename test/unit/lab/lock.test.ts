/** Mutual exclusion, even if the lock's holder is killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { lock } from "../../../lab/lock.ts";

const module = path.join(import.meta.dirname, "../../../lab/lock.ts");

describe("a lock between processes", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-lock-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("a second process waits for the lock, and says so", async () => {
    const file = path.join(folder, "a");
    const said: string[] = [];
    const order: string[] = [];
    const release = await lock(file, (line) => said.push(line), "somebody builds");
    const second = lock(file, (line) => said.push(line), "somebody builds").then(async (again) => {
      order.push("second");
      await again();
    });
    while (said.length === 0) await new Promise((done) => setTimeout(done, 10));
    order.push("first");
    await release();
    await second;
    assert.deepEqual(order, ["first", "second"]);
    assert.deepEqual(said, [`somebody builds (process ${process.pid}); waiting for it`]);
  });

  it("a lock is free once its holder was killed", async () => {
    const file = path.join(folder, "b");
    const script = `import { lock } from "${module}"; await lock("${file}", console.log, ""); console.log("held"); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const release = await lock(file, () => undefined, "");
    await release();
  });
});
