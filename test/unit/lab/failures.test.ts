/** What keeps pods from running, as `lab apply` says it; the live test `podsFailures` has what a kubelet says of containers. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type FailingPod, failuresOf } from "../../../lab/kubernetes/failures.ts";

function pod(name: string, status: FailingPod["status"]): FailingPod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop", uid: name }, status };
}

describe("failures of pods", () => {
  it("an evicted pod is named with the node's reason, whatever its containers ended with; one that runs is not", () => {
    const message = "The node was low on resource: ephemeral-storage. ";
    const terminated = { exitCode: 137, reason: "Error" };
    const ended = { name: "web", ready: false, restartCount: 0, state: { terminated } };
    const evicted = pod("evicted", { reason: "Evicted", message, containerStatuses: [ended] });
    const runs = pod("runs", { containerStatuses: [{ name: "web", ready: true, restartCount: 0, state: {} }] });
    assert.deepEqual(failuresOf([evicted, runs], []), [
      { object: "shop/evicted", reason: "Evicted: The node was low on resource: ephemeral-storage." },
    ]);
  });

  it("a container that ended with its node did not fail; one that ended on its own did", () => {
    const again = { name: "web", ready: false, restartCount: 1, state: { running: {} } };
    const lost = { ...again, lastState: { terminated: { exitCode: 255, reason: "Unknown" } } };
    const failed = { ...again, lastState: { terminated: { exitCode: 255, reason: "Error" } } };
    const pods = [pod("lost", { containerStatuses: [lost] }), pod("failed", { containerStatuses: [failed] })];
    assert.deepEqual(failuresOf(pods, []), [
      {
        object: "shop/failed",
        container: "web",
        reason: "ended with exit code 255, restarted 1 time",
        log: "previous",
      },
    ]);
  });
});
