import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { workloadRow } from "../../../ops/lib/status/collectors/workloads.ts";
import type { LiveObject } from "../../../ops/lib/status/clusterReader.ts";
import { declared, live, now, workerPod, workerSet } from "./objects.ts";

const worker = (replicas = 1) => declared("StatefulSet", "packit-worker", { spec: { replicas } });
const part = { system: "packit", part: "packit-prod/packit-worker" };

describe("status of workloads", () => {
  const rowOf = (set: LiveObject | undefined, ...pods: readonly LiveObject[]) => workloadRow(worker(), set, pods, now);

  it("a workload with its pods is ok, and says how old the youngest is", () => {
    const pod = workerPod(
      { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
      { ready: true, state: { running: { startedAt: "2026-11-20T12:00:00Z" } } },
    );
    assert.deepEqual(rowOf(workerSet({}), pod), {
      ...part,
      state: "ok",
      text: "1 of 1 pods are ready, the youngest for 3 days",
    });
  });

  it("an image that cannot be pulled is named with pod, container and the kubelet's reason", () => {
    const waiting = {
      reason: "ImagePullBackOff",
      message: 'Back-off pulling image "quay.io/packit/packit-worker:nope"',
    };
    const pod = workerPod({ conditions: [{ type: "Ready", status: "False" }] }, { state: { waiting } });
    const { state, text } = rowOf(workerSet({ readyReplicas: 0 }), pod);
    assert.equal(state, "bad");
    assert.equal(
      text,
      '0 of 1 pods are ready: pod packit-worker-0, container worker: ImagePullBackOff: Back-off pulling image "quay.io/packit/packit-worker:nope"',
    );
  });

  it("a crash loop is named with the exit code of its last end, but not with the container's own words", () => {
    const container = {
      restartCount: 7,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s restarting failed container" } },
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled", message: "password=hunter2" } },
    };
    const { text } = rowOf(workerSet({ readyReplicas: 0 }), workerPod({ phase: "Running" }, container));
    assert.match(text, /CrashLoopBackOff: back-off .*, ended last with exit code 137 \(OOMKilled\)$/);
    assert.doesNotMatch(text, /hunter2/);
  });

  it("a pod without a node is explained by the scheduler, and an init container by its own state", () => {
    const message = "0/3 nodes are available: 3 Insufficient memory.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    assert.match(
      rowOf(workerSet({ readyReplicas: 0 }), workerPod({ conditions, containerStatuses: [] })).text,
      /Unschedulable: 0\/3 nodes/,
    );
    const initContainerStatuses = [
      { name: "migrate", ready: false, state: { terminated: { exitCode: 1, reason: "Error" } } },
    ];
    const later = { state: { waiting: { reason: "PodInitializing" } } };
    const { text } = rowOf(workerSet({ readyReplicas: 0 }), workerPod({ initContainerStatuses }, later));
    assert.match(text, /container migrate: ended with exit code 1 \(Error\)/);
  });

  it("a running container whose readiness probe fails is named", () => {
    const pod = workerPod(
      { phase: "Running", conditions: [{ type: "Ready", status: "False" }] },
      { state: { running: {} } },
    );
    assert.match(
      rowOf(workerSet({ readyReplicas: 0 }), pod).text,
      /container worker: runs, but its readiness probe fails/,
    );
  });

  it("a workload without any pod is explained by its own conditions", () => {
    const conditions = [
      { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "exceeded quota: pods=10" },
    ];
    assert.equal(
      rowOf(workerSet({ readyReplicas: 0, conditions })).text,
      "0 of 1 pods are ready: FailedCreate: exceeded quota: pods=10",
    );
  });

  it("what is missing, scaled by hand or rolls out is told apart", () => {
    assert.deepEqual(rowOf(undefined), { ...part, state: "bad", text: "StatefulSet is not there" });
    assert.equal(rowOf(workerSet({}, 3)).text, "is scaled to 3, the stack declares 1");
    assert.equal(workloadRow(worker(0), workerSet({}, 0), [], now).state, "ok");
    assert.deepEqual(
      [rowOf(workerSet({ observedGeneration: 2 })).state, rowOf(workerSet({ updatedReplicas: 0 })).state],
      ["warn", "warn"],
    );
  });

  it("a recent restart is a warning, an old one is not", () => {
    const pod = (finishedAt: string) =>
      workerPod(
        { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
        {
          ready: true,
          restartCount: 4,
          state: { running: {} },
          lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt } },
        },
      );
    const { state, text } = rowOf(workerSet({}), pod("2026-11-23T11:58:00Z"));
    assert.equal(state, "warn");
    assert.match(text, /container worker was restarted 2 min ago, for the 4\. time: exit code 1 \(Error\)/);
    assert.equal(rowOf(workerSet({}), pod("2026-11-23T09:00:00Z")).state, "ok");
  });

  it("pods of others, and those that end, do not count", () => {
    const waiting = { state: { waiting: { reason: "ImagePullBackOff" } } };
    const other = {
      ...workerPod({}, waiting),
      metadata: { name: "x", namespace: "packit-prod", labels: { app: "other" } },
    };
    const ending = { ...workerPod({}, waiting) };
    const gone = { ...ending, metadata: { ...ending.metadata, deletionTimestamp: "2026-11-23T11:00:00Z" } };
    assert.equal(rowOf(workerSet({}), other, gone, live("Pod", "y")).state, "ok");
  });
});
