/** Images that fail to build: what is said, and what the next attempt finds. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import type { Recipe } from "../../../lab/images/recipes.ts";

/** Builds images in a cache of their own, as a command of the lab does. @param programs - folder of programs that come first */
function build(
  cache: string,
  recipes: readonly Omit<Recipe, "config">[],
  programs = cache,
): { status: number | null; stderr: string } {
  const program = `
    import { ensureForeignImages } from "./lab/images/build.ts";
    import { inWords } from "./cli/main.ts";
    try {
      await ensureForeignImages(${JSON.stringify(recipes.map((one) => ({ ...one, config: {} })))}, () => undefined);
    } catch (error) {
      console.error(inWords(error));
      process.exitCode = 1;
    }`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: projectDir,
    encoding: "utf8",
    env: { PATH: `${programs}:${process.env.PATH ?? ""}`, ORRERY_CACHE: cache },
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

  it("is named in one sentence with its log; those that were under way are kept, and the next attempt builds the rest", () => {
    const recipes = (second: string) => [
      { name: "first", script: "echo one >page" },
      { name: "second", script: second },
      { name: "third", script: "until grep -q tool ../../../../../log/image-second.log; do sleep 0.05; done" },
      { name: "fourth", script: "echo four >page" },
    ];
    const fails = "until [ -d ../../../third/work/root ]; do sleep 0.05; done; echo there is no such tool >&2; exit 3";
    const failed = build(cache, recipes(fails));
    const log = path.join(cache, "log", "image-second.log");
    assert.deepEqual(failed, {
      status: 1,
      stderr: `image second cannot be built: sh failed (exit code 3); read ${log}\n`,
    });
    assert.match(readFileSync(log, "utf8"), /^there is no such tool$/m);
    assert.deepEqual(built().toSorted(), ["first", "third"]);
    assert.deepEqual(build(cache, recipes("echo two >page")), { status: 0, stderr: "" });
    assert.deepEqual(built().toSorted(), ["first", "fourth", "second", "third"]);
  });

  describe("on a disk that is full", () => {
    before(function () {
      if (process.getuid?.() !== 0) this.skip(); // mounting takes root
    });
    /** A disk of its own for the cache. @param size - in MB */
    const onDisk = (size: number): void => {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}m`, "tmpfs", cache]);
    };
    afterEach(() => {
      execFileSync("umount", [cache]);
    });
    const tooLittle = (free: string, needed: string): string =>
      `only ${free} GB are free at ${cache}, ${needed} GB are needed; make room there, or set ORRERY_CACHE\n`;

    it("is named with the folder, its room and what is needed, and nothing is built", () => {
      onDisk(64);
      const stderr = `image first cannot be built: ${tooLittle("0.1", "2")}`;
      assert.deepEqual(build(cache, [{ name: "first", script: "echo one >page" }]), { status: 1, stderr });
      assert.ok(!readdirSync(cache).includes("images"));
    });

    it("is named with them where the room ends halfway; nothing of it is kept, and the next attempt finds the room again", () => {
      onDisk(2000);
      const recipes = (second: string) => [
        { name: "first", script: "echo one >page" },
        { name: "second", script: second },
      ];
      const failed = build(
        cache,
        recipes("until ls -d ../../../../first-*; do sleep 0.05; done; dd if=/dev/zero of=page bs=1M"),
      );
      assert.deepEqual(failed, { status: 1, stderr: `image second cannot be built: ${tooLittle("2.1", "4")}` });
      assert.deepEqual(built(), ["first"]);
      assert.deepEqual(readdirSync(path.join(cache, "images", "partial")), []);
      assert.deepEqual(build(cache, recipes("echo two >page")), { status: 0, stderr: "" });
      assert.deepEqual(built().toSorted(), ["first", "second"]);
    });
  });

  it("is not made of a part of its packages", () => {
    const programs = mkdtempSync(path.join(tmpdir(), "orrery-programs-"));
    try {
      const control =
        "Package: half\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a half\n";
      mkdirSync(path.join(programs, "half", "DEBIAN"), { recursive: true });
      writeFileSync(path.join(programs, "half", "DEBIAN", "control"), control);
      execFileSync("dpkg-deb", ["--build", "half"], { cwd: programs, stdio: "ignore" });
      // The registry gives one of two packages and is gone then.
      const aptGet = `#!/bin/sh
        for word; do case $word in Dir::Cache::archives=*) cp ${programs}/half.deb "\${word#*=}" ;; esac; done
        echo "E: Failed to fetch other.deb" >&2; exit 100\n`;
      writeFileSync(path.join(programs, "apt-get"), aptGet, { mode: 0o755 });
      const log = path.join(cache, "log", "image-halves.log");
      assert.deepEqual(build(cache, [{ name: "halves", packages: ["half", "other"] }], programs), {
        status: 1,
        stderr: `image halves cannot be built: sh failed (exit code 100); read ${log}\n`,
      });
      assert.match(readFileSync(log, "utf8"), /E: Failed to fetch other\.deb/);
      assert.deepEqual(built(), []);
    } finally {
      rmSync(programs, { recursive: true });
    }
  });
});
