/** What a change asks for on top against the quotas of the lab's cluster and cloud, as their own APIs tell them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget } from "../../lab/retarget.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { api, useNamespace } from "../../lab/harness/kube.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { stackPath } from "../../config/stackFile.ts";
import { quotaOfChange } from "../../ops/lib/quota/ofChange.ts";
import { compare } from "../../review/diff/compare.ts";
import type { Rendered } from "../../review/evaluate/render.ts";
import { resource } from "../unit/review/fixture.ts";

const namespace = "review-quota";

const by = (provider: string, one: Rendered): Rendered => ({
  ...one,
  provider: `urn:pulumi:quota::orrery::pulumi:providers:${provider}::lab`,
});

const workload = (replicas: number): Rendered =>
  by(
    "kubernetes",
    resource("kubernetes:apps/v1:Deployment", "web", {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace } },
      spec: { replicas, template: { spec: { containers: [{ resources: { requests: { cpu: "1" } } }] } } },
    }),
  );
const volume = (size: number): Rendered =>
  by("openstack", resource("openstack:blockstorage/volume:Volume", "home", { size }));

describe("review --quota on the lab", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "review-quota-"));
  useNamespace(namespace);
  before(() => {
    retarget(stackPath("test"), path.join(dir, "Pulumi.quota.yaml"), labTarget(lab), samplePassphrase("test"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("what is left is the ResourceQuota's and the volume service's own figure", async () => {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "compute", namespace } };
    await api.apply({ ...quota, spec: { hard: { "requests.cpu": "2" } } });
    await eventually(
      "the quota's status",
      () => api.find(`/api/v1/namespaces/${namespace}/resourcequotas/compute`),
      (found) => (found?.status as { used?: object } | undefined)?.used !== undefined,
    );
    const { absolute } = await openstackApi(lab).get("volume", "/limits");
    const { maxTotalVolumeGigabytes: most, totalGigabytesUsed: used } = absolute as Readonly<Record<string, number>>;
    const changes = compare([workload(1), volume(10)], [workload(4), volume(35)]);
    const { rows, notCompared } = await quotaOfChange("quota", changes, AbortSignal.timeout(20_000), dir);
    assert.deepEqual(notCompared, []);
    assert.deepEqual(rows, [
      { target: `cluster lab, ${namespace}/compute`, name: "requests.cpu", more: 3, left: 2 },
      { target: "cloud lab", name: "gigabytes", more: 25, left: (most ?? NaN) - (used ?? NaN) },
    ]);
  });
});
