/** What `lab doctor` says about a machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { machineProblems, systemProblem } from "../../../config/machine.mjs";
import { projectDir } from "../../../config/stackFile.ts";
import { memoryProblems, missingPrograms, portProblems } from "../../../lab/hostChecks.ts";
import { labSettings } from "../../../lab/settings.ts";

/** Calls `work` with a folder that is removed afterwards. */
async function withFolder(work: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-doctor-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("orrery lab doctor", () => {
  it("the lab runs on Debian 12 on x86-64; elsewhere a sentence says where to run it", () => {
    const debian = 'PRETTY_NAME="Debian"\nVERSION_ID="12"\nID=debian\n';
    assert.equal(systemProblem("x64", debian), undefined);
    assert.match(systemProblem("arm64", debian) ?? "", /^This machine is arm64: the lab runs on x86-64 only\. /);
    for (const other of ["", 'ID=ubuntu\nVERSION_ID="24.04"\n', 'ID=debian\nVERSION_ID="13"\n'])
      assert.match(systemProblem("x64", other) ?? "", /^This is not Debian 12: .* run it on a Debian 12 machine /);
  });

  it("room is asked for where the cache and the checkout are, or will be, and less of it once everything is built", () => {
    const nowhere = path.join("/proc", "none");
    const room = (built: boolean): readonly string[] =>
      machineProblems([nowhere, nowhere], built).filter((text) => text.includes("GB"));
    const text = (need: number): string =>
      `Only 0.0 GB are free at ${nowhere}: ${need} GB are needed; make room or set ORRERY_CACHE.`;
    assert.deepEqual(room(false), [text(25)]);
    assert.deepEqual(room(true), [text(5)]);
  });

  it("memory is short where the test stack's containers do not fit", () => {
    assert.deepEqual(memoryProblems(6.5), []);
    assert.deepEqual(memoryProblems(3.94), [
      "Only 3.9 GB of memory are available: the lab with all containers of the test stack takes 6.5 GB; end other programs, or run no containers (--fake-nodes).",
    ]);
  });

  it("optional programs are looked for on PATH", () =>
    withFolder((folder) => {
      assert.deepEqual(missingPrograms(folder), [
        "skopeo is missing: a start with --upstream-images installs it, or apt-get install skopeo does.",
        "Chromium is missing: npm run lab -- browse prints a line for curl; apt-get install chromium.",
      ]);
      for (const name of ["skopeo", "chromium"]) writeFileSync(path.join(folder, name), "");
      assert.deepEqual(missingPrograms(`/nowhere:${folder}`), []);
    }));

  it("every taken port is named, by the command as a sentence, which then ends with exit code 1 and changes nothing", () =>
    withFolder(async (folder) => {
      const settings = { ORRERY_LAB: path.join(folder, "lab"), ORRERY_PORTS: "31800" };
      const lab = labSettings(settings);
      assert.deepEqual(await portProblems(lab), []);
      const servers = [lab.ports.registry, lab.ports.kubernetes].map((port) =>
        createServer().listen(port, "127.0.0.1"),
      );
      await Promise.all(servers.map((server) => once(server, "listening")));
      try {
        const remedy =
          "is taken by another program; stop it, or set ORRERY_PORTS to another multiple of 100, e.g. 30800";
        const expected = [`port 31830 (apiserver) ${remedy}`, `port 31836 (nodes-controller) ${remedy}`];
        assert.deepEqual(await portProblems(lab), expected);
        const cache = path.join(folder, "cache");
        mkdirSync(cache);
        const { status, stdout } = spawnSync(process.execPath, ["cli/orrery.ts", "lab", "doctor"], {
          cwd: projectDir,
          encoding: "utf8",
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...settings, ORRERY_CACHE: cache },
        });
        const lines = stdout.trim().split("\n");
        assert.equal(status, 1, stdout);
        for (const text of expected) assert.ok(lines.includes(`P${text.slice(1)}.`), stdout);
        assert.ok(!lines.some((text) => text.startsWith("ok")), stdout);
        const others = lines.filter((text) => !text.startsWith("optional: "));
        for (const text of others) assert.match(text, /^[A-Z].*\.$/);
      } finally {
        for (const server of servers) server.close();
      }
    }));
});
