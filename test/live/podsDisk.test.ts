/** A full disk below real nodes: what is said, and that everything goes on once there is room. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { checkHost, diskHealth } from "../../lab/hostChecks.ts";
import { api, cluster, inPod, kubectl, quiet, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

describe("real nodes on a full disk", () => {
  const started = useRealNodes(1, {}, 3);
  const filler = path.join(cluster.dir, "filler");

  it("lab status and lab up say so in a sentence each, and the pod runs on", async () => {
    await api.apply(shell("works", "node-0"));
    await kubectl("wait", "pod/works", "--for=condition=Ready", "--timeout=60s");
    assert.deepEqual(diskHealth(cluster).healthy, true);
    // Until nothing more can be written.
    assert.throws(
      () => execFileSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=1M"], { stdio: "pipe" }),
      /No space left/,
    );
    const full = `only 0.0 GB are free at ${cluster.dir}, 1 GB is needed; make room, then npm run lab -- up`;
    assert.deepEqual(diskHealth(cluster), { name: "disk", healthy: false, detail: full });
    await assert.rejects(checkHost(cluster), { message: `the disk is full: ${full}` });
    assert.match(await inPod("works", "id"), /^uid=1000/);
  });

  it("with room again, up starts what has ended, and pods run", async () => {
    rmSync(filler);
    await started().up(cluster, quiet);
    await checkHost(cluster);
    await kubectl("delete", "pod", "works", "--ignore-not-found", "--now");
    await eventually(
      "a node without pressure",
      () => kubectl("get", "node", "node-0", "-o", "jsonpath={.spec.taints}"),
      (taints) => taints === "",
      400, // the kubelet keeps the pressure for five minutes
    );
    await api.apply(shell("again", "node-0"));
    await kubectl("wait", "pod/again", "--for=condition=Ready", "--timeout=60s");
    assert.match(await inPod("again", "id"), /^uid=1000/);
    assert.deepEqual(
      (await started().health(cluster)).filter(({ healthy }) => !healthy),
      [],
    );
  });
});
