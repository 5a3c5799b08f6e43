import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { declaredQuotas } from "../../../review/declaredQuotas.ts";
import { demandChanges } from "../../../review/demand.ts";
import { compare } from "../../../review/diff/compare.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { markdown } from "../../../review/report/markdown.ts";
import { resource } from "./fixture.ts";

const container = (cpu: string, memory: string): object => ({ name: cpu, resources: { requests: { cpu, memory } } });

function workload(replicas: number, containers: readonly object[], more: object = {}): Rendered {
  return resource("kubernetes:apps/v1:StatefulSet", "worker", {
    ...{ kind: "StatefulSet", metadata: { name: "worker", namespace: "packit" } },
    spec: { replicas, template: { spec: { containers, ...more } }, volumeClaimTemplates: [claim("2Gi")] },
  });
}

const claim = (storage: string): object => ({
  kind: "PersistentVolumeClaim",
  spec: { resources: { requests: { storage } } },
});

describe("what a change asks for", () => {
  it("counts requests by replica, init containers only where they ask for more, and claims of each replica", () => {
    const before = [workload(1, [container("250m", "512Mi")])];
    const after = [
      workload(3, [container("250m", "512Mi"), container("50m", "512Mi")], {
        initContainers: [container("1", "64Mi"), container("900m", "64Mi")],
      }),
      resource("kubernetes:core/v1:PersistentVolumeClaim", "data", claim("500Mi")),
    ];
    assert.deepEqual(demandChanges(compare(before, after), after), [
      { measure: "cores", before: 0.25, after: 3 },
      { measure: "memory", before: 0.5, after: 3 },
      { measure: "claims", before: 2, after: 6 + 500 / 1024 },
    ]);
  });

  it("counts servers, volumes and addresses, with what does not change", () => {
    const server = resource("openstack:compute/instance:Instance", "hub");
    const volume = resource("openstack:blockstorage/volume:Volume", "home", { size: 50 });
    const address = resource("openstack:networking/floatingIp:FloatingIp", "ip");
    const after = [server, { ...volume, inputs: { size: 80 } }, address];
    assert.deepEqual(demandChanges(compare([server, volume], after), after), [
      { measure: "volumes", before: 50, after: 80 },
      { measure: "addresses", before: 0, after: 1 },
    ]);
  });

  it("is a table of the report, and takes a stranger's nonsense for nothing", () => {
    const before = [workload(1, [container("1", "1Gi")])];
    const after = [workload(2, [container("1", "1Gi")])];
    const text = markdown([{ stack: "prod", changes: compare(before, after), resources: after }], "a", "b");
    assert.match(text, /### What it asks for\n\n.*\n.*\n\| prod \| cores requested by pods \| 1 \| 2 \|/);
    const odd = [workload(1, [container("lots", "1Zi")])];
    assert.deepEqual(demandChanges(compare([], odd), odd), [{ measure: "claims", before: 0, after: 2 }]);
  });

  const quota = (namespace: string, hard: object, more: object = {}): Rendered =>
    resource("kubernetes:core/v1:ResourceQuota", `quota-${namespace}`, {
      ...{ kind: "ResourceQuota", metadata: { name: "compute", namespace } },
      spec: { hard, ...more },
    });

  it("is compared with the quotas that the stack declares, in the namespaces that the change touches", () => {
    const before = [
      workload(1, [container("1", "1Gi")]),
      quota("packit", { "requests.cpu": "2", "requests.memory": "4Gi" }),
    ];
    const after = [
      workload(3, [container("1", "1Gi")]),
      ...before.slice(1),
      quota("elsewhere", { "requests.cpu": "1" }),
    ];
    const changes = compare(before, after).filter(({ urn }) => !urn.includes("elsewhere"));
    assert.deepEqual(declaredQuotas(changes, after), [
      { namespace: "packit", measure: "cores", need: 3, quota: 2 },
      { namespace: "packit", measure: "memory", need: 3, quota: 4 },
    ]);
    const text = markdown([{ stack: "prod", changes, resources: after }], "a", "b");
    assert.match(
      text,
      /\| prod \| packit \| cores requested by pods \| 3 \| 2 \| \*\*more than its quota: pods or claims will be refused\*\* \|/,
    );
    assert.match(text, /\| prod \| packit \| memory requested by pods, GiB \| 3 \| 4 \| fits \|/);
  });

  it("knows nothing of quotas of a part of the pods, and the lowest of two counts", () => {
    const after = [
      workload(1, [container("1", "1Gi")]),
      quota("packit", { cpu: "8", "requests.storage": "lots" }),
      { ...quota("packit", { "requests.cpu": "1" }, { scopes: ["BestEffort"] }), urn: "urn:a" },
      { ...quota("packit", { "requests.cpu": 4 }), urn: "urn:b" },
    ];
    assert.deepEqual(declaredQuotas(compare([], after), after), [
      { namespace: "packit", measure: "cores", need: 1, quota: 4 },
    ]);
  });
});
