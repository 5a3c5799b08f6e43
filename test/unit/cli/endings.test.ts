/** How a command ends when its reader has gone or a signal comes: in order, and with nothing left in the folder for passing files. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

const cli = path.join(projectDir, "cli");

describe("the end of a command", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "endings-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("comes after its work and with its exit code where nobody reads its output any more", () => {
    const done = path.join(folder, "done");
    const script = `
      import { appendFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      import { goOnWithoutReader } from "${projectDir}/config/brokenPipe.ts";
      goOnWithoutReader();
      for (const line of ["first", "second", "third"]) { console.log(line); await sleep(200); appendFileSync("${done}", line + ";"); }
      process.exitCode = 3;`;
    const words = ["-c", 'set -o pipefail; "$0" --input-type=module -e "$1" | head -1', process.execPath, script];
    const { status, stdout, stderr } = spawnSync("bash", words, { encoding: "utf8" });
    assert.deepEqual([status, stdout, stderr, readFileSync(done, "utf8")], [3, "first\n", "", "first;second;third;"]);
  });

  const work = {
    "a command that does not care": "await new Promise(() => setInterval(() => {}, 1000));",
    "a command that ends in order": `await interruptible(async (ending) => {
        await new Promise((resolve) => { const waits = setInterval(() => {}, 1000);
          ending.addEventListener("abort", () => { clearInterval(waits); resolve(); }); });
        console.log(readdirSync(process.env.TMPDIR).length);
      });`,
  };
  for (const [title, script] of Object.entries(work))
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const)
      it(`removes keys and kubeconfigs on ${signal}: ${title}`, async () => {
        const passing = mkdtempSync(path.join(folder, "tmp-"));
        const program = `
          import { readdirSync, writeFileSync } from "node:fs";
          import { interruptible } from "${cli}/interrupt.ts";
          import { removePassingFoldersAtTheEnd, withPassingFolder } from "${cli}/passingFolder.ts";
          removePassingFoldersAtTheEnd();
          await withPassingFolder(async (folder) => {
            writeFileSync(folder + "/key", "secret", { mode: 0o600 });
            console.log("works");
            ${script}
          });`;
        const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
          env: { ...process.env, TMPDIR: passing },
          stdio: ["ignore", "pipe", "ignore"],
        });
        let said = "";
        child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
        await once(child.stdout, "data");
        assert.equal(readdirSync(passing).length, 1);
        child.kill(signal);
        assert.deepEqual(await once(child, "exit"), [code, null]);
        assert.deepEqual(readdirSync(passing), []);
        // What ends in order still had its file while it ended.
        assert.equal(said, title.includes("order") ? "works\n1\n" : "works\n");
      });
});
