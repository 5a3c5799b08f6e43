/** Finding 6: `lab down --wipe` runs as root and must remove nothing but a lab. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { after, describe, it } from "mocha";
import { createLabFolder, hasLab, labFolder, readPassword, recordPort, removeLabFolder } from "../../../lab/folder.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { labSettings, root } from "../../../lab/settings.ts";

describe("the lab's folder", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "labFolder-"));
  const checkout = path.join(dir, "checkout");
  mkdirSync(checkout);
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("an empty ORRERY_LAB counts as unset", () => {
    assert.equal(labFolder("", checkout), path.join(checkout, ".lab", "main"));
    assert.equal(labFolder(undefined, checkout), path.join(checkout, ".lab", "main"));
    assert.equal(labSettings({ ORRERY_LAB: "" }).dir, path.join(root, ".lab", "main"));
  });

  it("ORRERY_LAB may not name the checkout, what holds it, the home folder or the root, nor a link to one of them", () => {
    const link = path.join(dir, "link");
    symlinkSync(checkout, link);
    for (const wrong of [".", "..", "/", checkout, link, dir, homedir(), path.dirname(homedir())]) {
      assert.throws(
        () => labFolder(wrong, checkout),
        /^Error: ORRERY_LAB is ".*", which holds .*; name a folder for the lab alone$/,
        wrong,
      );
    }
    assert.equal(labFolder("/var/tmp/a-lab", checkout), "/var/tmp/a-lab");
  });

  it("a folder with other things is neither taken for a lab nor removed", () => {
    const other = path.join(dir, "other");
    mkdirSync(other);
    writeFileSync(path.join(other, "thesis.txt"), "x");
    assert.throws(() => {
      createLabFolder(other, checkout);
    }, /other is not a lab's folder and is not empty; set ORRERY_LAB/);
    assert.throws(() => {
      removeLabFolder(other, checkout);
    }, /other is not a lab's folder \(it has no \.orrery-lab\); nothing was removed$/);
    assert.ok(existsSync(path.join(other, "thesis.txt")));
  });

  it("a folder that a lab made is removed whole, and again without complaint", () => {
    for (const own of [path.join(dir, "own"), path.join(checkout, ".lab", "old")]) {
      createLabFolder(own, checkout);
      createLabFolder(own, checkout);
      assert.ok(existsSync(path.join(own, "state")));
      removeLabFolder(own, checkout);
      assert.ok(!existsSync(own));
      removeLabFolder(own, checkout);
    }
  });

  it("a removal that is killed leaves no half lab, and the next start removes the rest", async () => {
    const own = path.join(dir, "killed");
    createLabFolder(own, checkout);
    const before = readPassword(own);
    for (let at = 0; at < 3000; at++) writeFileSync(path.join(own, "state", String(at)), "");
    const module = pathToFileURL(path.join(projectDir, "lab", "folder.ts")).href;
    const script = `(await import(${JSON.stringify(module)})).removeLabFolder(${JSON.stringify(own)}, ${JSON.stringify(checkout)})`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
    const ended = once(child, "exit");
    const left = (): number => {
      try {
        return readdirSync(path.join(own, "state")).length;
      } catch {
        return 0; // it has been moved aside
      }
    };
    while (child.exitCode === null && left() === 3000) await setImmediate();
    child.kill("SIGKILL");
    await ended;
    createLabFolder(own, checkout);
    assert.notEqual(readPassword(own), before);
    assert.deepEqual(readdirSync(path.join(own, "state")), []);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes("killed")),
      ["killed"],
    );
  });

  it("a lab on a disk of its own is emptied, and what a killed removal left there is no lab", function () {
    if (process.getuid?.() !== 0) this.skip(); // mounting takes root
    const own = path.join(dir, "disk");
    mkdirSync(own);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", own]);
    try {
      createLabFolder(own, checkout);
      removeLabFolder(own, checkout);
      assert.deepEqual(readdirSync(own), []);
      createLabFolder(own, checkout);
      writeFileSync(path.join(own, "real-nodes"), "2\n");
      writeFileSync(path.join(own, ".orrery-removing"), "");
      assert.equal(hasLab(own), false);
      createLabFolder(own, checkout);
      assert.equal(hasLab(own), true);
      assert.deepEqual(readdirSync(own).toSorted(), [".orrery-lab", "password", "state"]);
    } finally {
      execFileSync("umount", [own]);
    }
  });

  it("keeps the lab's first port, so that ORRERY_PORTS is said once; another one in the environment comes first", () => {
    const dir = path.join(checkout, ".lab", "ports");
    assert.equal(labSettings({ ORRERY_LAB: dir }).firstPort, 15000);
    createLabFolder(dir, checkout);
    recordPort(dir, 17000);
    assert.equal(labSettings({ ORRERY_LAB: dir }).ports.keystone, 17000);
    assert.equal(labSettings({ ORRERY_LAB: dir, ORRERY_PORTS: "18000" }).firstPort, 18000);
    removeLabFolder(dir, checkout);
    assert.equal(labSettings({ ORRERY_LAB: dir }).firstPort, 15000);
  });

  it("a folder below the checkout's .lab needs no mark, as labs of earlier versions have none", () => {
    const old = path.join(checkout, ".lab", "main");
    mkdirSync(old, { recursive: true });
    writeFileSync(path.join(old, "passwords"), "x");
    removeLabFolder(old, checkout);
    assert.ok(!existsSync(old));
  });
});
