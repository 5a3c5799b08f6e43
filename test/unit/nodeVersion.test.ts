/** Any computer: an old Node ends with one line, and tests that another system cannot run are known. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { projectDir } from "../../config/stackFile.ts";

const json = (file: string): unknown => JSON.parse(readFileSync(path.join(projectDir, file), "utf8"));

/** Starts a program in a Node that says that it is of another version. */
const withNode = (version: string, args: readonly string[]): { status: number | null; said: string } =>
  withProcess(
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
    args,
  );

/** Starts a program after a script. */
function withProcess(script: string, args: readonly string[]): { status: number | null; said: string } {
  const words = ["--import", `data:text/javascript,${encodeURIComponent(script)}`, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: projectDir, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

describe("A machine that is not x86-64", () => {
  it("hears from the lab's commands in one line that only the lab does not run there", () => {
    const arm = 'Object.defineProperty(process, "arch", { value: "arm64" });';
    const { status, said } = withProcess(arm, ["setup.mjs", "setup"]);
    assert.equal(status, 1);
    assert.match(
      said,
      /This machine is arm64: the lab runs on x86-64 only\. Everything but the lab runs here: npm ci /,
    );
    assert.doesNotMatch(said, /installing|Debian/);
  });
});

describe("An old Node", () => {
  const oneLine = /^orrery: Node 22\.17\.1 is too old: Orrery runs on Node 22\.18 or newer; install it, [^\n]*\n$/;
  const mocha = path.join("node_modules", "mocha", "bin", "mocha.js");
  const starts: Readonly<Record<string, readonly string[]>> = {
    "the program, as Pulumi starts it": ["--import=./config/preload.mjs", "index.ts"],
    "a script of CI": ["ci/run.mjs", "drift", "prod"],
    "a suite": [mocha, "--no-config", "--require", "./test/start.mjs", "test/unit/within.test.ts"],
  };
  for (const [what, args] of Object.entries(starts)) {
    it(`is told in one line by ${what}`, () => {
      const { status, said } = withNode("22.17.1", args);
      assert.match(said, oneLine);
      assert.equal(status, 1);
    });
  }

  it("is not what Pulumi.yaml, the suites and the scripts let through", () => {
    const { runtime } = parse(readFileSync(path.join(projectDir, "Pulumi.yaml"), "utf8")) as {
      runtime: { options: { nodeargs: string } };
    };
    assert.equal(runtime.options.nodeargs, "--import=./config/preload.mjs");
    const { scripts } = json("package.json") as { scripts: Readonly<Record<string, string>> };
    for (const [name, script] of Object.entries(scripts)) {
      // What sets up the lab runs on Debian only.
      if (!script.includes("setup.mjs"))
        assert.doesNotMatch(script, /node \S+\.ts\b|^\w+=|\bexec\b/, `${name} does not start on every system`);
      if (/\bmocha --no-config/.test(script)) assert.match(script, /--require \.\/test\/start\.mjs/, name);
    }
  });
});

describe("Any computer", () => {
  it("installs every package, or skips it as optional", () => {
    const { packages } = json("package-lock.json") as {
      packages: Readonly<Record<string, { os?: unknown; cpu?: unknown; optional?: boolean }>>;
    };
    const bound = Object.entries(packages).filter(([, { os, cpu }]) => os !== undefined || cpu !== undefined);
    assert.ok(bound.length > 5);
    assert.deepEqual(
      bound.filter(([, { optional }]) => optional !== true).map(([name]) => name),
      [],
    );
  });

  it("runs all unit tests on Linux, and on others those that the list does not name", () => {
    const { skippedOn } = createRequire(import.meta.url)("./platforms.cjs") as {
      skippedOn: (platform: string) => readonly { readonly file: string; readonly why: string }[];
    };
    assert.deepEqual(skippedOn("linux"), []);
    assert.ok(skippedOn("win32").length > skippedOn("darwin").length);
    const gone = skippedOn("win32").filter(({ file }) => !existsSync(path.join(projectDir, file)));
    assert.deepEqual(gone, []);
  });
});
