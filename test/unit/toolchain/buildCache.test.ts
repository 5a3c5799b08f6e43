/** When Go's build cache goes. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

describe("Go's build cache", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), "orrery-go-"));
    mkdirSync(path.join(cache, "go-build"));
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
  });

  /** A process that has built something, and ends. @returns whether the cache is still there; it throws if it went before */
  function staysAfter(more: NodeJS.ProcessEnv = {}): boolean {
    const program = `
      import { existsSync } from "node:fs";
      import { keepBuildCache } from "./lab/toolchain/buildCache.ts";
      keepBuildCache();
      process.exitCode = existsSync("${cache}/go-build") ? 0 : 1;`;
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "GOCACHE"));
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: projectDir,
      env: { ...own, ORRERY_CACHE: cache, ...more },
    });
    return existsSync(path.join(cache, "go-build"));
  }

  it("goes when the process ends that built with it", () => {
    assert.equal(staysAfter(), false);
  });

  it("stays while another process builds", async () => {
    const args = [path.join(cache, "toolchain.lock"), "sh", "-c", "echo held; exec cat"];
    const other = spawn("flock", args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(other.stdout, "data");
    try {
      assert.equal(staysAfter(), true);
    } finally {
      other.stdin.end();
      await once(other, "close");
    }
    assert.equal(staysAfter(), false);
  });

  it("is left alone where it is the user's own", () => {
    assert.equal(staysAfter({ GOCACHE: "/nonexistent" }), true);
  });
});
