/** Images that fail to build: what is said, and what the next attempt finds. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

/** Builds images of scripts in a cache of their own, as a command of the lab does. */
function build(cache: string, scripts: Readonly<Record<string, string>>): { status: number | null; stderr: string } {
  const recipes = Object.entries(scripts).map(([name, script]) => ({ name, script, config: {} }));
  const program = `
    import { ensureForeignImages } from "./lab/images/build.ts";
    import { inWords } from "./cli/main.ts";
    try {
      await ensureForeignImages(${JSON.stringify(recipes)}, [], () => undefined);
    } catch (error) {
      console.error(inWords(error));
      process.exitCode = 1;
    }`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: projectDir,
    encoding: "utf8",
    env: { PATH: process.env.PATH, ORRERY_CACHE: cache },
  });
  return { status, stderr };
}

describe("an image of the lab that fails to build", () => {
  let cache: string;
  const built = (): readonly string[] =>
    readdirSync(path.join(cache, "images"))
      .filter((name) => name !== "partial")
      .map((name) => name.replace(/-[^-]*$/, ""));

  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), "orrery-images-"));
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
  });

  it("is named in one sentence with its log; those before it are kept, and the next attempt builds the rest", () => {
    const good = "echo one >page";
    const failed = build(cache, { first: good, second: "echo there is no such package >&2; exit 3", third: good });
    const log = path.join(cache, "log", "image-second.log");
    assert.deepEqual(failed, {
      status: 1,
      stderr: `image second cannot be built: sh failed (exit code 3); read ${log}\n`,
    });
    assert.match(readFileSync(log, "utf8"), /^there is no such package$/m);
    assert.deepEqual(built(), ["first"]);
    assert.deepEqual(build(cache, { first: good, second: "echo two >page", third: good }), { status: 0, stderr: "" });
    assert.deepEqual(built().toSorted(), ["first", "second", "third"]);
  });
});
