/** Ctrl-C and SIGTERM end what runs, with all of its processes, and the clean-up still happens. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, describe, it } from "mocha";

const folder = mkdtempSync(path.join(tmpdir(), "interruption-"));
const lab = path.join(import.meta.dirname, "../../../lab");

/** Starts a node script, and waits for its first output. */
async function started(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

/** Processes with this mark in their command line. */
function marked(mark: string): string[] {
  const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => line.includes(mark) && !line.includes("--input-type"));
}

/** Waits until so many processes have the mark: how fast they start and go is the machine's. */
async function becomes(mark: string, count: number): Promise<void> {
  for (let tries = 0; tries < 100 && marked(mark).length !== count; tries++) await sleep(100);
  assert.equal(marked(mark).length, count, marked(mark).join("\n"));
}

describe("interrupted work", () => {
  const marks: string[] = [];
  afterEach(() => {
    // They ignore all but this, and have sessions of their own.
    for (const line of marks.splice(0).flatMap(marked)) process.kill(Number.parseInt(line, 10), "SIGKILL");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`${signal} ends children that ignore it and those in sessions of their own, and cleans up once`, async () => {
      const seconds = String(71_000 + process.pid + code);
      marks.push(`sleep ${seconds}`);
      const done = path.join(folder, signal);
      const work = `trap "" INT TERM; setsid sleep ${seconds} & echo started; sleep ${seconds}`;
      const script = `
        import { appendFileSync } from "node:fs";
        import { spawn } from "node:child_process";
        import { interruptible } from "${lab}/interruption.ts";
        process.exitCode = await interruptible(() => {}, ({ child }) => child(spawn("sh", ["-c", ${JSON.stringify(work)}],
          { stdio: "inherit" })), async () => appendFileSync("${done}", "cleaned up"));`;
      const child = await started(script);
      await becomes(`sleep ${seconds}`, 3); // a shell and two sleeps
      child.kill(signal);
      await sleep(20);
      child.kill(signal);
      assert.deepEqual(await once(child, "exit"), [code, null]);
      assert.equal(readFileSync(done, "utf8"), "cleaned up");
      await becomes(`sleep ${seconds}`, 0);
    });
  }

  it("a signal ends every child that still runs, whichever has ended before", async () => {
    const seconds = String(72_000 + process.pid);
    marks.push(`sleep ${seconds}`);
    const script = `
      import { spawn } from "node:child_process";
      import { interruptible } from "${lab}/interruption.ts";
      process.exitCode = await interruptible(() => {}, async ({ child }) => {
        const long = ["${seconds}", "${seconds}"].map((time) => child(spawn("sleep", [time])));
        await child(spawn("true"));
        console.log("one has ended");
        return Math.max(...await Promise.all(long));
      }, async () => {});`;
    const child = await started(script);
    await becomes(`sleep ${seconds}`, 2);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [143, null]);
    await becomes(`sleep ${seconds}`, 0);
  });

  it("a process that ends while it waits for a lock leaves nobody waiting", async () => {
    const file = path.join(folder, "lock");
    const take = `import { lock } from "${lab}/lock.ts"; await lock("${file}", console.log, "busy"); console.log("held");
      setInterval(() => {}, 1000);`;
    const holder = await started(take);
    const waiting = await started(take);
    await becomes(`flock ${file}`, 1);
    waiting.kill("SIGTERM");
    await once(waiting, "exit");
    await becomes(`flock ${file}`, 0);
    holder.kill();
    await once(holder, "exit");
  });
});
