/** What a namespace's quota has to hold. The cluster's own count: test/live/status.test.ts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { namespaceNeed, quotaName } from "../../../ops/lib/quota/namespaceNeed.ts";
import type { Json, Manifest } from "../../../policy/manifest.ts";

const object = (apiVersion: string, kind: string, spec: Json): Manifest => ({
  ...{ cluster: "online", apiVersion, kind, namespace: "a", name: kind.toLowerCase() },
  body: { apiVersion, kind, spec },
});
const container = (requests: Json, limits?: Json): Json => ({ name: "c", resources: { requests, limits } });
const pod = (containers: readonly Json[], initContainers: readonly Json[] = []): Json => ({
  template: { spec: { containers, initContainers } },
});
const claim = { spec: { resources: { requests: { storage: "2Gi" } } } };

describe("what a namespace takes of its quota", () => {
  it("counts pods, requests, limits and claims by replica, and every object", () => {
    const own = [container({ cpu: "250m", memory: "1Mi" }, { cpu: "1", memory: "2Mi" })];
    const set = { ...pod(own), replicas: 3, volumeClaimTemplates: [claim] };
    assert.deepEqual(namespaceNeed([object("apps/v1", "StatefulSet", set)]), {
      "count/statefulsets.apps": 1,
      pods: 3,
      persistentvolumeclaims: 3,
      "requests.storage": 3 * 2 * 2 ** 30,
      ...{ "requests.cpu": 0.75, "requests.memory": 3 * 2 ** 20, "limits.cpu": 3, "limits.memory": 6 * 2 ** 20 },
    });
  });

  it("takes init containers as the most of them, and those that go on as more containers", () => {
    const first = [container({ cpu: "2" }), container({ cpu: "1500m" })];
    const sidecar = { ...container({ cpu: "100m" }), restartPolicy: "Always" };
    const need = (initial: readonly Json[]): unknown =>
      namespaceNeed([object("apps/v1", "Deployment", pod([container({ cpu: "1" })], initial))])["requests.cpu"];
    assert.equal(need(first), 2);
    assert.equal(need([sidecar]), 1.1);
    assert.equal(need([]), 1);
  });

  it("fills in what the API server would: limits as requests, then the namespace's defaults", () => {
    const range = { spec: { limits: [{ type: "Container", default: { cpu: "1" }, defaultRequest: { cpu: "50m" } }] } };
    const of = (one: Json): readonly (number | undefined)[] => {
      const need = namespaceNeed([object("batch/v1", "Job", pod([one]))], [range]);
      return [need.pods, need["requests.cpu"], need["limits.cpu"]];
    };
    assert.deepEqual(of({ name: "c" }), [1, 0.05, 1]);
    assert.deepEqual(of(container({}, { cpu: "3" })), [1, 3, 3]);
  });

  it("counts a workload of 0 replicas for nothing but itself, and knows the old names of amounts", () => {
    const paused = { ...pod([container({ cpu: "1" })]), replicas: 0 };
    assert.equal(namespaceNeed([object("apps/v1", "Deployment", paused)])["requests.cpu"], 0);
    assert.deepEqual(["cpu", "secrets", "pods", "limits.cpu"].map(quotaName), [
      ...["requests.cpu", "count/secrets", "pods", "limits.cpu"],
    ]);
  });
});
