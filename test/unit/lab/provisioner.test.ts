import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { KubeApi, KubeObject } from "../../../lab/kubernetes/api.ts";
import { type Claim, provision, type Volume } from "../../../lab/kubernetes/nodes/provisioner.ts";

const claim = (storage: string, phase: string, capacity?: string): Claim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: {
    name: "data",
    namespace: "shop",
    uid: "1",
    annotations: { "volume.kubernetes.io/storage-provisioner": "orrery.lab/volume" },
  },
  spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage } }, storageClassName: "kept" },
  status: { phase, ...(capacity === undefined ? {} : { capacity: { storage: capacity } }) },
});

describe("the provisioner of real nodes", () => {
  let folder = "";
  let calls: unknown[][] = [];
  const record =
    (verb: string) =>
    (...args: unknown[]): Promise<unknown> => {
      calls.push([verb, ...args]);
      return Promise.resolve({});
    };
  const api = { apply: record("apply"), patch: record("patch"), delete: record("delete") } as unknown as KubeApi;
  const volume = (phase: string, policy: string): Volume => ({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-1", annotations: { "pv.kubernetes.io/provisioned-by": "orrery.lab/volume" } },
    spec: {
      capacity: { storage: "1Gi" },
      persistentVolumeReclaimPolicy: policy,
      local: { path: path.join(folder, "pvc-1") },
    },
    status: { phase },
  });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-volumes-"));
    calls = [];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("a claim gets a folder, and a volume of its size with the class's reclaim policy", async () => {
    const kept = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "kept" } };
    const classes = [{ ...kept, reclaimPolicy: "Retain" }];
    await provision(api, folder, { claims: [claim("3Gi", "Pending")], volumes: [], classes });
    assert.deepEqual(readdirSync(folder), ["pvc-1"]);
    const { spec } = calls[0]?.[1] as KubeObject & { spec: Record<string, unknown> };
    assert.deepEqual(
      [spec.capacity, spec.accessModes, spec.persistentVolumeReclaimPolicy, spec.storageClassName],
      [{ storage: "3Gi" }, ["ReadWriteMany"], "Retain", "kept"],
    );
  });

  it("a claim that grows takes its volume along", async () => {
    const inputs = { claims: [claim("2Gi", "Bound", "1Gi")], volumes: [volume("Bound", "Delete")], classes: [] };
    await provision(api, folder, inputs);
    assert.deepEqual(calls[0], [
      "patch",
      "/api/v1/persistentvolumes/pvc-1",
      { spec: { capacity: { storage: "2Gi" } } },
    ]);
    assert.equal(calls[1]?.[1], "/api/v1/namespaces/shop/persistentvolumeclaims/data/status");
  });

  it("the folder of a deleted claim goes with Delete and stays with Retain", async () => {
    mkdirSync(path.join(folder, "pvc-1"));
    await provision(api, folder, { claims: [], volumes: [volume("Released", "Retain")], classes: [] });
    assert.deepEqual(calls, []);
    await provision(api, folder, { claims: [], volumes: [volume("Released", "Delete")], classes: [] });
    assert.deepEqual(calls, [["delete", "/api/v1/persistentvolumes/pvc-1"]]);
    assert.equal(existsSync(path.join(folder, "pvc-1")), false);
  });

  it("other provisioners' claims and volumes are left alone", async () => {
    const theirs = claim("1Gi", "Pending");
    const foreign = { ...theirs, metadata: { ...theirs.metadata, annotations: {} } };
    const other = { ...volume("Released", "Delete"), metadata: { name: "pvc-1" } };
    await provision(api, folder, { claims: [foreign], volumes: [other], classes: [] });
    assert.deepEqual(calls, []);
  });
});
