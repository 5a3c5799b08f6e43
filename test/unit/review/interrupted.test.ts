/** A review that a signal ends leaves no worktree and no folder behind. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

describe("an interrupted review", () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interrupted-")));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** The worktrees of this project that are in the folder. */
  function worktrees(): readonly string[] {
    const { stdout } = spawnSync("git", ["worktree", "list", "--porcelain"], { cwd: projectDir, encoding: "utf8" });
    return stdout.split("\n").filter((line) => line.startsWith(`worktree ${folder}`));
  }

  // "terminal" is Ctrl-C: every process of the group gets it, git included.
  for (const [signal, to, code] of [
    ["SIGINT", "terminal", 130],
    ["SIGTERM", "process", 143],
  ] as const) {
    for (const moment of ["orrery-review-", "orrery-replacements-"]) {
      it(`${signal} to the ${to} at the first ${moment}* leaves nothing behind`, async () => {
        const child = spawn(process.execPath, ["cli/orrery.ts", "review", "HEAD", "--stack", "test"], {
          cwd: projectDir,
          env: { ...process.env, TMPDIR: folder },
          detached: true,
        });
        let said = "";
        child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
        while (child.exitCode === null && !readdirSync(folder).some((name) => name.startsWith(moment))) await sleep(5);
        assert.ok(child.pid !== undefined);
        process.kill(to === "terminal" ? -child.pid : child.pid, signal);
        assert.deepEqual(await once(child, "close"), [code, null], said);
        assert.equal(said, `orrery: ended by ${signal}; its temporary files are removed\n`);
        assert.deepEqual([readdirSync(folder), worktrees()], [[], []]);
      }).timeout(300_000);
    }
  }
});
