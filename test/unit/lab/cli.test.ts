import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

/** Runs a lab command where nothing is built or running, on ports that no other lab uses. */
function lab(...words: readonly string[]) {
  return labIn({}, ...words);
}

/** The same with other settings. */
function labIn(settings: NodeJS.ProcessEnv, ...words: readonly string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-lab-cli-"));
  try {
    const env = {
      PATH: process.env.PATH,
      ORRERY_CACHE: path.join(folder, "cache"),
      ORRERY_LAB: path.join(folder, "lab"),
      ORRERY_PORTS: "31900",
      ...settings,
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/orrery.ts", "lab", ...words], {
      cwd: projectDir,
      encoding: "utf8",
      env,
    });
    return { status, stdout, stderr, made: existsSync(env.ORRERY_CACHE) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("orrery lab", () => {
  it("the lab refuses an unknown command before it installs anything", () => {
    const message = 'orrery: lab has no command "bogus"\nnpx orrery lab --help lists its commands.\n';
    assert.deepEqual(lab("bogus"), { status: 2, stdout: "", stderr: message, made: false });
  });

  it("the lab asks for the stack before it installs anything", () => {
    assert.deepEqual(lab("apply"), {
      status: 2,
      stdout: "",
      stderr: "orrery: STACK is missing\nnpx orrery lab apply --help explains the command.\n",
      made: false,
    });
  });

  it("the lab shows help, says that there is no lab, and stops nothing, without a toolchain", () => {
    const { status, stdout, made } = lab("--help");
    assert.deepEqual([status, made], [0, false]);
    assert.match(stdout, /^Usage: npx orrery lab COMMAND/);
    const looked = lab("status");
    assert.deepEqual([looked.status, looked.stdout, looked.made], [1, "", false]);
    assert.match(looked.stderr, /^there is no lab in \S+; start it: npm run lab -- up\n$/);
    const asJson = lab("status", "--json");
    assert.deepEqual([asJson.status, asJson.stdout], [1, "[]\n"]);
    const stopped = lab("down");
    assert.deepEqual([stopped.status, stopped.stdout, stopped.made], [0, "", false]);
    assert.match(stopped.stderr, /^there is no lab in \S+\n$/);
  });

  it("a port that another program listens on is named before anything is installed or made", async () => {
    const server = createServer().listen(31930, "127.0.0.1");
    await once(server, "listening");
    try {
      assert.deepEqual(lab("up", "--fake-nodes"), {
        status: 1,
        stdout: "",
        stderr:
          "orrery: port 31930 (apiserver) is taken by another program; stop it, or set ORRERY_PORTS to another multiple of 100, e.g. 30900\n",
        made: false,
      });
    } finally {
      server.close();
    }
  });

  it("a full disk is named before anything is installed or made", function () {
    if (process.getuid?.() !== 0) return this.skip(); // mounting takes root
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-lab-disk-"));
    const disk = path.join(folder, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]);
    try {
      const { status, stdout, stderr, made } = labIn({ ORRERY_LAB: path.join(disk, "lab") }, "up", "--fake-nodes");
      assert.deepEqual([status, stdout, made], [1, "", false]);
      assert.equal(
        stderr,
        `orrery: the disk is full: only 0.1 GB are free at ${disk}, 1 GB is needed; make room, then npm run lab -- up\n`,
      );
      assert.deepEqual(readdirSync(disk), []);
    } finally {
      execFileSync("umount", [disk]);
      rmSync(folder, { recursive: true });
    }
  });
});
