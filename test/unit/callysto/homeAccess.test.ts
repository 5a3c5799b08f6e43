/** The script of `callysto ban`, with zfs and docker played: a home that was closed without its server is not done. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { homeAccessScript } from "../../../ops/lib/callysto/homeAccess.ts";

describe("a home that is closed", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "home-"));
  const at = (name: string): string => path.join(folder, name);
  const program = (name: string, script: string): void => {
    writeFileSync(at(name), `#!/bin/sh\n${script}\n`);
    chmodSync(at(name), 0o755);
  };
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("stops a server that an earlier run has left, and is unchanged only without one", () => {
    writeFileSync(at("readonly"), "off\n");
    writeFileSync(at("servers"), "c1\n");
    program(
      "zfs",
      `case "$1" in list) ;; get) cat "${folder}/readonly" ;; set) echo "\${2#readonly=}" >"${folder}/readonly" ;; esac`,
    );
    program(
      "docker",
      `case "$1" in ps) cat "${folder}/servers" ;; rm) [ -e "${folder}/ready" ] && : >"${folder}/servers" ;; esac`,
    );
    const run = (state: string, dry = ""): readonly [number | null, string] => {
      const env = { PATH: `${folder}:/usr/bin:/bin` };
      const { status, stdout } = spawnSync("bash", ["-c", homeAccessScript, "ops", "someone", state, dry], {
        env,
        encoding: "utf8",
      });
      return [status, stdout.trim()];
    };
    assert.deepEqual(run("on"), [1, ""], "docker could not remove it");
    assert.equal(readFileSync(at("readonly"), "utf8"), "on\n");
    writeFileSync(at("ready"), "");
    assert.deepEqual(run("on", "1"), [0, "changed 1"]);
    assert.deepEqual(run("on"), [0, "changed 1"]);
    assert.deepEqual(run("on"), [0, "unchanged"]);
    assert.deepEqual(run("off"), [0, "changed 0"]);
    assert.deepEqual(run("off"), [0, "unchanged"]);
  });
});
