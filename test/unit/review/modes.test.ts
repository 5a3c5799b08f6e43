/** Options of `orrery review` that do not go together are refused before anything is rendered or written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

describe("orrery review", () => {
  for (const [words, message] of [
    [
      ["main", "--renders", "r.json", "--page", "p.html"],
      "--page is for reports on commits or of --from, not for --renders or --stacks",
    ],
    [
      ["--stacks", "stage", "prod", "--page", "p.html"],
      "--page is for reports on commits or of --from, not for --renders or --stacks",
    ],
    [["--from", "r.json", "--map", "m.html"], "give only one of --from, --map"],
    [["--from", "r.json", "--renders", "s.json"], "give only one of --from, --renders"],
    [["--stacks", "stage", "prod", "--map", "m.html"], "give only one of --map, --stacks"],
  ] as const)
    it(`refuses ${words.join(" ")}`, () => {
      const before = readdirSync(projectDir);
      const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/orrery.ts", "review", ...words], {
        cwd: projectDir,
        encoding: "utf8",
      });
      assert.deepEqual([status, stdout, stderr.split("\n")[0]], [2, "", `orrery: ${message}`]);
      assert.deepEqual(readdirSync(projectDir), before);
    });
});
