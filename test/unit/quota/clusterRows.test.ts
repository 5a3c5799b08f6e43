/** Rows of quotas that say what a stack's file cannot. The rest, on a cluster: test/live/status.test.ts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { clusterRows } from "../../../ops/lib/quota/clusterRows.ts";
import type { KindIn, LiveObject } from "../../../ops/lib/status/clusterReader.ts";
import type { DeclaredCluster } from "../../../ops/lib/status/situation.ts";

const manifest = { cluster: "online", apiVersion: "v1", kind: "Secret", namespace: "a", name: "s", body: {} };

function rowsOf(spec: object, used: object = {}) {
  const quota: LiveObject = {
    ...{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "compute", namespace: "a" } },
    ...{ spec: { ...spec }, status: { used } },
  };
  const list = ({ kind }: KindIn): Promise<readonly LiveObject[]> =>
    Promise.resolve(kind === "ResourceQuota" ? [quota] : []);
  const reader = { list } as unknown as DeclaredCluster["reader"];
  return clusterRows({ name: "online", objects: [{ system: "packit", manifest }], reader });
}

describe("the rows of a namespace's quotas", () => {
  it("have a need of 0 for what is counted and not asked for, and none for what the file does not say", async () => {
    const hard = { secrets: "5", "limits.cpu": "2", "gold.storageclass.storage.k8s.io/requests.storage": "1Gi" };
    const target = "cluster online, a/compute";
    assert.deepEqual(await rowsOf({ hard }, { secrets: "3" }), [
      { target, name: "secrets", need: 1, quota: 5, used: 3 },
      { target, name: "limits.cpu", need: 0, quota: 2, used: undefined },
      {
        ...{ target, name: "gold.storageclass.storage.k8s.io/requests.storage" },
        ...{ need: undefined, quota: 2 ** 30, used: undefined },
      },
    ]);
  });

  it("have no need where a quota is for some pods only", async () => {
    const [row] = await rowsOf({ hard: { pods: "1" }, scopes: ["BestEffort"] });
    assert.equal(row?.need, undefined);
  });
});
