import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { checkOut } from "../../../review/checkout.ts";

const git = (...words: readonly string[]): string =>
  execFileSync("git", [...words], { cwd: projectDir, encoding: "utf8" }).trim();

describe("a commit of a review", () => {
  it("may be a branch that only origin has, as in a fresh clone of another branch", async () => {
    const branch = `review-test-${process.pid}`;
    const ref = `refs/remotes/origin/${branch}`;
    git("update-ref", ref, "HEAD");
    try {
      const found = await checkOut(branch);
      await found.close();
      assert.equal(found.name, git("rev-parse", "HEAD").slice(0, 10));
    } finally {
      git("update-ref", "-d", ref);
    }
  });

  it("is refused where neither has it, with the command that fetches it", async () => {
    await assert.rejects(checkOut("no-such-branch"), {
      message:
        'there is no commit "no-such-branch"; in a shallow clone, fetch it first: git fetch origin no-such-branch',
    });
  });
});
