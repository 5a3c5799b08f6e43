/** A lab stops what its folder started, and nothing of another checkout's lab on the same ports. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { recordPort } from "../../../lab/folder.ts";
import { checkHost } from "../../../lab/hostChecks.ts";
import { down } from "../../../lab/lab.ts";
import { ensureNamespace, isOwn, removeNetwork } from "../../../lab/machines/namespace.ts";
import { runningDaemons, start, stop } from "../../../lab/process.ts";
import { labNextTo, type LabSettings, labSettings } from "../../../lab/settings.ts";
import { toolchainFolders } from "../../../lab/toolchain/toolchain.ts";

const folder = mkdtempSync(path.join(tmpdir(), "ownership-"));
const lab = (name: string, ports = "31800"): LabSettings =>
  labSettings({ ORRERY_LAB: path.join(folder, name), ORRERY_PORTS: ports });
const [ours, theirs] = [lab("ours"), lab("theirs")];

describe("what belongs to a lab", function () {
  this.timeout(30_000);
  after(async () => {
    await stop(ours.dir, "one");
    rmSync(folder, { recursive: true });
  });

  it("its namespace and link stay when a lab without any, or with a record of another one, goes down on the same ports", async function () {
    if (process.getuid?.() !== 0 || !existsSync("/run/netns")) this.skip(); // the lab's Python packages bring ip, and npm test runs as root
    await ensureNamespace(ours, ours.netns);
    execFileSync("ip", ["link", "add", ours.netns, "type", "veth", "peer", "name", "uplink", "netns", ours.netns]);
    const there = (): boolean[] =>
      [`/run/netns/${ours.netns}`, `/sys/class/net/${ours.netns}`].map((one) => existsSync(one));
    try {
      await removeNetwork(theirs);
      mkdirSync(path.join(theirs.dir, "run"), { recursive: true });
      writeFileSync(path.join(theirs.dir, "run", `${theirs.netns}.netns`), "1 of an earlier start of the machine");
      assert.deepEqual([isOwn(ours, ours.netns), isOwn(theirs, theirs.netns)], [true, false]);
      await down(theirs, toolchainFolders(), false);
      assert.deepEqual(there(), [true, true]);
    } finally {
      await removeNetwork(ours);
    }
    assert.deepEqual(there(), [false, false]);
    await removeNetwork(ours); // again
  });

  it("other ports than those that it runs on are refused, going up and going down", async () => {
    recordPort(ours.dir, ours.firstPort);
    start(ours.dir, { name: "one", command: "sleep", args: ["60"] });
    assert.deepEqual([...runningDaemons(ours.dir).keys()], ["one"]);
    const other = lab("ours", "31700");
    const message = `the lab in ${ours.dir} runs on the ports from 31800, and ORRERY_PORTS is 31700: unset it, or name that lab's folder by ORRERY_LAB`;
    await assert.rejects(checkHost(other), { message });
    await assert.rejects(down(other, toolchainFolders(), false), { message });
    assert.equal(runningDaemons(ours.dir).size, 1);
    await checkHost(ours);
    await stop(ours.dir, "one");
    await checkHost(other);
  });

  it("a daemon whose program is missing is named in a sentence", () => {
    const begin = (): void => {
      start(ours.dir, { name: "two", command: "/nowhere/program", args: [] });
    };
    assert.throws(begin, { message: "/nowhere/program could not be started; check that it is installed" });
  });

  it("a checkout's labs have a hundred ports and a folder each, those of its tests too", () => {
    for (const first of [15000, 31900]) {
      const main = lab("main", String(first));
      const tests = lab("test", String(first + (first > 31_000 ? -100 : 100)));
      const kinds = ["peers", "demo", "prow"] as const;
      const all = [main, tests, ...kinds.flatMap((kind) => [labNextTo(main, kind), labNextTo(tests, kind)])];
      assert.equal(new Set(all.map(({ firstPort }) => firstPort)).size, all.length);
      assert.equal(new Set(all.map(({ dir }) => dir)).size, all.length);
    }
  });
});
